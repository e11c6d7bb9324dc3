/**
 * `npm run bench:python -- [--rows n] [--latency ms] [--concurrency n] [--repeat n]`: rows a second of a generator in Python and of the
 * built-in one, in turn, against the same teacher of ours. A second is counted from the first request to the last reply, so that what
 * starts processes and packages is left out; the whole command's time stands beside it.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { stringify } from 'yaml'
import { askingGenerator, openAgentFolder } from '../support/agent-python.ts'
import { openGenerateFolder } from '../support/generate.ts'
import { startTeacherServer } from '../support/teacher-server.ts'

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '3000' },
    latency: { type: 'string', default: '20' },
    concurrency: { type: 'string', default: '80' },
    repeat: { type: 'string', default: '3' },
  },
})

const variants = { python: 'python:./asking.py', typescript: 'llm' } as const

await using agents = await openAgentFolder()
await using folder = await openGenerateFolder()
await writeFile(join(agents.path, 'asking.py'), askingGenerator)
const others = { planner: 'rules', critic: 'rules', 'trainer-bridge': 'peft', evaluator: 'scorer' }
type Turn = {
  turn: number
  language: string
  rows: number
  rowsPerSecond: number
  wholeSeconds: number
  datasetHash?: string
}
const table: Turn[] = []
for (let turn = 1; turn <= Number(values.repeat); turn++) {
  for (const [language, variant] of Object.entries(variants)) {
    const chosen = { ...others, generator: variant }
    const named = Object.fromEntries(Object.entries(chosen).map(([role, each]) => [role, { variant: each }]))
    const topology = join(agents.path, `${language}.yaml`)
    await writeFile(topology, stringify({ name: language, agents: named }))
    await using server = await startTeacherServer({ latencyMs: Number(values.latency) })
    const since = performance.now()
    const asked = ['--rows', values.rows, '--concurrency', values.concurrency, '--topology', topology]
    const command = folder.generate(`${language}-${turn}`, server, asked)
    if ((await command.ended) !== 0) throw new Error(command.output())
    const seconds = (server.lastAt - server.firstAt) / 1000
    const { rows, datasetHash } = await folder.outcomeOf(`${language}-${turn}`)
    table.push({
      turn,
      language,
      rows,
      rowsPerSecond: Math.round(rows / seconds),
      wholeSeconds: Number(((performance.now() - since) / 1000).toFixed(1)),
      ...(datasetHash && { datasetHash: datasetHash.slice(0, 12) }),
    })
  }
}
console.table(table)
const median = (language: string) => {
  const each = table.filter((row) => row.language === language).map((row) => row.rowsPerSecond)
  return each.toSorted((a, b) => a - b)[Math.floor(each.length / 2)]!
}
console.log(
  `Python makes ${(median('python') / median('typescript')).toFixed(2)} of the rows a second of TypeScript (medians).`,
)
