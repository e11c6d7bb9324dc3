import type { Command } from 'commander'
import { registerTaskCheck } from './task-check.ts'
import { registerTaskImport } from './task-import.ts'
import { registerTaskInit } from './task-init.ts'
import { registerTaskShow } from './task-show.ts'
import { registerTaskSplit } from './task-split.ts'

export function registerTask(program: Command): void {
  const task = program.command('task').description('task folders')
  registerTaskInit(task)
  registerTaskCheck(task)
  registerTaskSplit(task)
  registerTaskShow(task)
  registerTaskImport(task)
}
