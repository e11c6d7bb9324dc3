import { Command, CommanderError } from 'commander'
import { registerAgent } from './commands/agent.ts'
import { registerControl } from './commands/control.ts'
import { registerDead } from './commands/dead.ts'
import { registerDoctor } from './commands/doctor.ts'
import { registerExport } from './commands/export.ts'
import { registerGenerate } from './commands/generate.ts'
import { registerProgram } from './commands/program.ts'
import { registerReport } from './commands/report.ts'
import { registerResume } from './commands/resume.ts'
import { registerRun } from './commands/run.ts'
import { registerScore } from './commands/score.ts'
import { registerStatus } from './commands/status.ts'
import { registerTaskImport } from './commands/task-import.ts'
import { registerUp } from './commands/up.ts'
import { registerWatch } from './commands/watch.ts'
import { mendOf } from './errors.ts'
import { exitCodes } from './exit-codes.ts'

const program = new Command('syllabus')
  .description('Agents that make training data for a small model, train it, and prove that it helped.')
  .showHelpAfterError()
  .exitOverride()

registerRun(program)
registerGenerate(program)
registerUp(program)
registerAgent(program)
registerStatus(program)
registerWatch(program)
registerControl(program)
registerResume(program)
registerReport(program)
registerExport(program)
registerDead(program)
registerProgram(program)
registerScore(program)
registerTaskImport(program)
registerDoctor(program)

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.badInput
  else {
    const mend = mendOf(error)
    const message = error instanceof Error ? error.message : String(error)
    // What can be mended is said plainly; a fault of ours shows where it happened.
    console.error(mend === undefined ? error : message.includes(mend) ? message : `${message}\n${mend}`)
    process.exitCode = mend === undefined ? exitCodes.failure : exitCodes.badInput
  }
}
