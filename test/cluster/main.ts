/**
 * `npm run test:cluster -- [part …] [--rows n] [--times n] [--only text]`: real clusters of three servers, which are disturbed while work
 * is done. Without a part all of them: `standstill` (the log's leader dies, with traffic), `through` (one `generate` for each disturbance),
 * `hosts` (the same on three network namespaces; root alone), `restore` (the servers' files are copied back), `run` (a run with the real
 * student). Prints tables; the exit code is 1 where anything was lost, paid twice, or differs.
 */
import { parseArgs } from 'node:util'
import { disturbances } from './disturbances.ts'
import { hostDisturbances, makeHosts, withoutHosts } from './hosts.ts'
import { realRuns } from './real-run.ts'
import { restoredFromFiles } from './restore.ts'
import { type Disturbance, generateThrough, type Outcome } from './stage.ts'
import { standstillAfterLeaderDeath } from './standstill.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: 'string', default: '2000' },
    times: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
  },
})
const rows = Number(values.rows)
let isRight = true
const line = (cells: readonly (string | number)[]) => console.log(`| ${cells.join(' | ')} |`)
const head = (cells: readonly string[]) => {
  console.log()
  line(cells)
  line(cells.map(() => '---'))
}
const seconds = (value: number) => value.toFixed(1)
const fault = (text: string) => {
  isRight = false
  return text
}

/** What is wrong with the outcome of a disturbed `generate`; empty where all is right. */
function faultsOf(outcome: Outcome, { isShown = false }: Disturbance, hash: string | null): string[] {
  const { exitCode, datasetHash, rows: made, twice, mayBeTwice, shown } = outcome
  return [
    exitCode === 0 ? '' : `exit code ${exitCode}`,
    made === rows ? '' : `${rows - made} rows lost`,
    datasetHash === hash ? '' : 'another dataset',
    twice <= mayBeTwice ? '' : `${twice - mayBeTwice} paid twice beyond those in flight`,
    !isShown || shown.length > 0 ? '' : 'the terminal did not show what is waited for',
  ].filter(Boolean)
}

async function through(all: readonly Disturbance[]): Promise<void> {
  head([
    'Disturbance',
    'Dataset',
    'Rows',
    'Calls',
    'Paid twice (in flight)',
    'Longest pause, s',
    'Wall, s',
    'Shown',
    'Right',
  ])
  let hash: string | null = null
  for (const disturbance of all) {
    const outcome = await generateThrough(disturbance, { rows })
    hash ??= outcome.datasetHash
    const faults = faultsOf(outcome, disturbance, hash)
    const { name, datasetHash, rows: made, calls, twice, mayBeTwice, pauseS, wallS, shown } = outcome
    const right = faults.length === 0 ? 'yes' : fault(faults.join(', '))
    const paid = `${twice} (${mayBeTwice})`
    line([
      name,
      datasetHash?.slice(0, 12) ?? '-',
      made,
      calls,
      paid,
      seconds(pauseS),
      seconds(wallS),
      shown.length,
      right,
    ])
    if (faults.length > 0) console.error(outcome.output.slice(-4000))
  }
}

const parts: Readonly<Record<string, () => Promise<void>>> = {
  async standstill() {
    head(['Longest pause after the death of the log’s leader, s', 'publish', 'handled', 'log read', 'value', 'object'])
    for (let time = 1; time <= Number(values.times); time++) {
      const pauses = Object.values(await standstillAfterLeaderDeath())
      line([`${time}`, ...pauses.map((pause) => (pause < 10 ? seconds(pause) : fault(seconds(pause))))])
    }
  },
  async through() {
    const wanted = disturbances.filter(({ name }, index) => index === 0 || name.includes(values.only))
    for (const { name, needs } of wanted) if (needs) console.log(`Left out: ${name} needs ${needs}.`)
    await through(wanted.filter(({ needs }) => !needs))
  },
  async hosts() {
    const reason = withoutHosts()
    if (reason !== null) return console.log(`Left out: three hosts: ${reason}.`)
    using hosts = makeHosts()
    await through(hostDisturbances(hosts))
  },
  async restore() {
    const { calls, twice, isSame } = await restoredFromFiles(Math.min(rows, 300))
    head(['Restored from a copy of the servers’ files', 'Calls', 'Paid twice', 'Same dataset'])
    line(['in mid-run', calls, twice, isSame ? 'yes' : fault('no')])
  },
  async run() {
    const { undisturbed, disturbed } = await realRuns()
    head(['A run with the real student', 'Undisturbed', 'The log’s leader killed in mid-run', 'Same'])
    for (const [what, value] of Object.entries(undisturbed)) {
      const other = disturbed[what] ?? '-'
      line([what, value, other, value === other ? 'yes' : fault('no')])
    }
  },
}

const unknown = positionals.filter((part) => !(part in parts))
if (unknown.length > 0)
  throw new Error(`no such part: ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}`)
for (const [name, part] of Object.entries(parts))
  if (positionals.length === 0 || positionals.includes(name)) await part()
process.exit(isRight ? 0 : 1)
