import type { LogEntry } from '../../../schemas/log-entry.ts'
import type { Message } from '../../../schemas/message.ts'
import { FinalEvalResults } from '../../../schemas/messages/evaluation.ts'
import { type MessageName, registry } from '../../../schemas/registry.ts'
import type { AgentRole } from '../../../schemas/role.ts'
import type { RunConfig } from '../../../schemas/run.ts'
import { bundleFiles } from '../manifest.ts'
import { refsIn } from '../records.ts'
import type { Check } from './check.ts'
import type { Ledger } from './ledger.ts'

/**
 * The log itself: its order, one run, messages that can be read and come from who may send them, and every object they name there. A
 * message may be there twice; the first one counts.
 */
export const logCheck: Check = {
  name: 'log',
  what: 'order and completeness of the log, and the senders of its messages',
  async run({ bundle, entries, facts, config }, ledger) {
    const missing = new Set(bundle.manifest.missing.map(({ sha256 }) => sha256))
    const ids = new Set(entries.map(({ id }) => id))
    let [before, latest] = [0, '']
    for (const { seq, at, id, name, payload, from, cause } of entries) {
      const place = `${bundleFiles.log}, message ${seq} (${name})`
      ledger.same(`${place}: its place after message ${before}`, true, seq > before)
      ledger.same(`${place}: the run of its id`, id.split('.')[0], config.runId)
      before = seq
      // A server's clock may be set; then recorded times are no order of events.
      if (at < latest) ledger.leave(`times: message ${seq} is said to be earlier than those before it`)
      latest = at > latest ? at : latest
      if (cause !== null && isCausedInLog(name))
        ledger.same(`${place}: what caused it is in the log`, ids.has(cause), true)
      compareSender(place, name, from, config, ledger)
      for (const { place: field, ref } of refsIn(payload)) {
        const path = bundleFiles.object(ref.sha256)
        if (missing.has(ref.sha256)) ledger.leave(`${path} was no longer on the bus`)
        else ledger.same(`${place}: ${field}, a file of the bundle`, true, bundle.files.has(path))
      }
    }
    ledger.same('manifest.json: runId', bundle.manifest.runId, config.runId)
    const unparsed = new Set(entries.flatMap(({ seq, parseError }) => (parseError === undefined ? [] : [seq])))
    for (const { seq, name, reason } of facts.unreadable) {
      if (unparsed.has(seq)) ledger.leave(`message ${seq} (${name}) could not be read on the bus: ${reason}`)
      else
        ledger.differs({
          place: `${bundleFiles.log}, message ${seq} (${name})`,
          recorded: 'a message',
          recomputed: reason,
        })
    }
  },
}

/**
 * Work follows from a message of the run; of a final evaluation that is one on the sealed account. Events may follow from a dead letter.
 */
const isCausedInLog = (name: string): boolean =>
  name !== FinalEvalResults.name && (registry[name as MessageName] as Message | undefined)?.kind === 'work'

function compareSender(place: string, name: string, from: LogEntry['from'], config: RunConfig, ledger: Ledger): void {
  const message = registry[name as MessageName] as Message | undefined
  if (!message) return
  const senders: readonly string[] = [message.from].flat()
  ledger.same(`${place}: from.role, one that may send it`, true, senders.includes(from.role))
  const variant = config.variants[from.role as AgentRole]
  if (variant) ledger.same(`${place}: from.variant`, from.variant, variant)
}
