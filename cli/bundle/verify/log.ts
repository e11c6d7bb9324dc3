import { bundleFiles } from '../manifest.ts'
import { refsIn } from '../refs.ts'
import type { Check } from './check.ts'

/** The log itself: its order, one run, and every object it names there. A message may be there twice; the first one counts. */
export const log: Check = {
  name: 'log',
  what: 'order and completeness of the log',
  async run({ bundle, entries, facts, config }, ledger) {
    const missing = new Set(bundle.manifest.missing.map(({ sha256 }) => sha256))
    let before = 0
    for (const { seq, id, name, payload } of entries) {
      const place = `${bundleFiles.log}, message ${seq} (${name})`
      ledger.same(`${place}: its place after message ${before}`, true, seq > before)
      ledger.same(`${place}: the run of its id`, id.split('.')[0], config.runId)
      before = seq
      for (const { place: field, ref } of refsIn(payload)) {
        const path = bundleFiles.object(ref.sha256)
        if (missing.has(ref.sha256)) ledger.leave(`${path} was no longer on the bus`)
        else ledger.same(`${place}: ${field}, a file of the bundle`, true, bundle.files.has(path))
      }
    }
    ledger.same('manifest.json: runId', bundle.manifest.runId, config.runId)
    for (const { seq, name, reason } of facts.unreadable)
      ledger.leave(`message ${seq} (${name}) cannot be read: ${reason}`)
  },
}
