import type { Command } from 'commander'
import { type Action, sendCommand } from '../../experiments/run/operator-command.ts'
import { pickRun } from '../../experiments/run/pick-run.ts'
import { withBus } from '../../launcher/with-bus.ts'
import { printableJson } from '../../schemas/printable.ts'
import { runId } from '../options/option-parsers.ts'

const actions: Record<Exclude<Action, 'resume'>, string> = {
  stop: 'finish what is in hand, then rest; nothing is lost, "resume" goes on',
  pause: 'hold back new work; agents stay up; rows can be inspected and a dataset vetoed',
  finish: 'end the search with the best attempt so far, and evaluate it on the test',
  veto: 'refuse the dataset that waits for training (pause first)',
}

export function registerOperatorCommands(program: Command): void {
  for (const [action, description] of Object.entries(actions) as [Action, string][]) {
    program
      .command(action)
      .description(description)
      .argument('[run]', 'run id; may be left out when only one runs', runId)
      .option('--reason <text>', 'noted in the log')
      .option('--json', 'JSON instead of text', false)
      .action(async (runId: string | undefined, { reason, json }: { reason?: string; json: boolean }) =>
        withBus(async (bus) => {
          const state = await pickRun(bus, runId, ({ phase }) => phase !== 'done')
          await sendCommand(bus, state, action, { reason })
          const { runId: id } = state.config
          console.log(json ? printableJson({ action, runId: id }) : `${action} sent to ${id}`)
        }),
      )
  }
}
