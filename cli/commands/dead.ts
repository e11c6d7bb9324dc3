import type { Command } from 'commander'
import { TerminalError } from '../../bus/mod.ts'
import { withBus } from '../../launcher/with-bus.ts'
import { printableJson } from '../../schemas/printable.ts'
import { UsageError } from '../../schemas/user-error.ts'

export function registerDead(program: Command): void {
  const dead = program.command('dead').description('list dead letters; redeliver one')
  dead
    .command('list')
    .description('all dead letters, with their reasons')
    .option('--json', 'JSON instead of text', false)
    .action(async ({ json }: { json: boolean }) =>
      withBus(async (bus) => {
        const letters = await bus.dead.list()
        if (json) return console.log(printableJson(letters))
        if (letters.length === 0) console.log('no dead letters')
        for (const { id, at, message, deliveries, reason } of letters) {
          const what = message ? `${message.name} of run ${message.runId} (${message.id})` : 'a purged message'
          console.log(`${id}  ${at}  ${what}, ${deliveries} deliveries\n    ${reason}`)
        }
      }),
    )
  dead
    .command('redrive')
    .description('send the message of a dead letter again')
    .argument('<id>', 'as "dead list" shows it')
    .option('--json', 'JSON instead of text', false)
    .action(async (id: string, { json }: { json: boolean }) =>
      withBus(async (bus) => {
        await bus.dead.redrive(id).catch(explainRedrive)
        console.log(json ? printableJson({ redriven: id }) : `${id} was sent again`)
      }),
    )
}

/** @throws UsageError where there is nothing to send again */
function explainRedrive(error: unknown): never {
  if (!(error instanceof TerminalError)) throw error
  throw new UsageError(`Nothing is sent again: ${error.message}.`, 'Give an id as "npx syllabus dead list" shows it.', {
    cause: error,
  })
}
