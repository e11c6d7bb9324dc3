import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { homeFolder } from './home.ts'

/** The file that takes what a session's agents and their supervisor log, one JSON value a line. */
export type AgentsLog = Disposable & { path: string; descriptor: number }

/** Begins a file of its own under the home's `logs`, named by the time. */
export function openAgentsLog(): AgentsLog {
  const folder = join(homeFolder(), 'logs')
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${new Date().toISOString().replaceAll(/[:.]/g, '-')}.log`)
  const descriptor = openSync(path, 'a')
  return { path, descriptor, [Symbol.dispose]: () => closeSync(descriptor) }
}
