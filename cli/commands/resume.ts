import type { Command } from 'commander'
import { conduct } from '../conduct.ts'
import { UsageError } from '../errors.ts'
import { readRun } from '../follow-run.ts'
import { pickRun } from '../pick-run.ts'
import { createReporter } from '../progress.ts'
import { defaultTopology, readTopology } from '../topology-file.ts'
import { sendControl } from './control.ts'

export function registerResume(program: Command): void {
  program
    .command('resume')
    .description('go on with a run that was stopped, interrupted or waits after a fault; nothing is trained again')
    .argument('[run]', 'run id; may be left out when only one is unfinished')
    .option('--topology <file>', 'which agents run, and their limits', defaultTopology)
    .option('--json', 'JSON lines instead of text', false)
    .action(async (runId: string | undefined, options: { topology: string; json: boolean }) => {
      const topology = await readTopology(options.topology)
      const reporter = createReporter({ json: options.json })
      process.exitCode = await conduct(topology, reporter, async (bus) => {
        const state = await pickRun(bus, runId, ({ phase }) => phase !== 'done')
        if (state.config.generate) {
          throw new UsageError(
            `Run ${state.config.runId} makes rows alone.`,
            'Give the same "syllabus generate" command with the same --out again.',
          )
        }
        const entries = await readRun(bus, state.config.runId)
        // A finished run is told from its last message on, so that its report is written again.
        const last = entries.at(-1)?.seq ?? 1
        if (state.phase === 'done') return { runId: state.config.runId, fromSeq: last }
        await sendControl(bus, state, 'resume')
        return { runId: state.config.runId, fromSeq: last + 1 }
      })
    })
}
