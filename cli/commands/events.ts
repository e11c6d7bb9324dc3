import type { Command } from 'commander'
import { printEvents } from '../../experiments/inspect/events.ts'
import { anyRun, positive, runId } from '../options/option-parsers.ts'

export function registerEvents(program: Command): void {
  program
    .command('events')
    .description('what happened in a run, message by message, as the command that follows it prints it')
    .argument('[run]', anyRun, runId)
    .option('--from <seq>', 'only from this place of the log on', positive, 1)
    .option('--follow', 'go on until the run rests', false)
    .option('--json', 'JSON lines: each message with its payload', false)
    .action(printEvents)
}
