/**
 * `npm run simulate -- scale [--latency ms] [--copies 1|3]`: `generate` with 1 to 64 generators, each on a host of its own, up to 10^6
 * rows. Prints which part is the limit. docs/cluster.md has the model, how its parameters were measured, and the table.
 */
import { parseArgs } from 'node:util'
import { costs, type Limit, simulateScale } from '../support/simulated-scale.ts'

const { values } = parseArgs({
  args: process.argv.slice(2).filter((word) => word !== 'scale'),
  options: { latency: { type: 'string', default: '5000' }, copies: { type: 'string', default: '3' } },
})
const latencyMs = Number(values.latency)
const copies = values.copies === '1' ? 1 : 3

const names: Readonly<Record<Limit, string>> = {
  teacher: 'the teacher’s latency',
  generator: 'the processor of each generator',
  journal: 'the leader of the journal',
  critic: 'the critic’s checks',
  lastReplies: 'the last replies of each round',
  admission: 'the pass that closes a round',
}
const line = (cells: readonly (string | number)[]) => console.log(`| ${cells.join(' | ')} |`)

console.log(
  `Replies take ${latencyMs} ms, ${costs.callsPerGenerator} calls under way in each generator, ${copies} copies.\n`,
)
line([
  'Rows',
  'Generators',
  'Rows a second',
  'Share of the ideal',
  'Generators wait at the ends of rounds',
  'The limit',
])
line(['--:', '--:', '--:', '--:', '--:', ':--'])
for (const rows of [10_000, 100_000, 1_000_000])
  for (const generators of [1, 2, 4, 8, 16, 32, 64]) {
    const { seconds, share, idleShare, limit } = simulateScale({ rows, generators, latencyMs, copies })
    const percent = (part: number) => `${Math.round(part * 100)} %`
    line([rows, generators, Math.round(rows / seconds), percent(share), percent(idleShare), names[limit]])
  }
