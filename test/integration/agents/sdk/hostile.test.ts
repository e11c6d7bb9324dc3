import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkedMade, failedShard } from '../../../../agents/generator/made.ts'
import type { GeneratorDefinition, GeneratorServices, GeneratorWork } from '../../../../agents/sdk/generator.ts'
import { remoteDefinition } from '../../../../agents/sdk/remote.ts'
import { readTopology } from '../../../../launcher/topology/topology-file.ts'
import { bundledTask } from '../../../../tasks/bundled-task.ts'
import { loadTask, publicView } from '../../../../tasks/load.ts'
import { folderOf, generatorText, plainRows, topologyText } from '../../../support/plugin-files.ts'
import { promptProgram } from '../../../support/prompt-program.ts'
import { shardOf } from '../../../support/shards.ts'

const task = publicView(await loadTask(bundledTask))
const program = promptProgram({ rows: 10 })
const limits = 'plugins: { callMs: 4000, tries: 2, replyBytes: 2000000, logBytes: 20000, startMs: 30000 }'

/** What comes of a shard of ten indexes that a plug-in works on, as its host takes it; what is reported of it; what it logs. */
async function hosted(make: string, { before = '', services = {} as Partial<GeneratorServices>, open = '' } = {}) {
  const code = generatorText(make, { before }).replace(
    'open: ({ log, options }) => (',
    `open: ({ log, options }) => (${open}`,
  )
  const folder = folderOf({ 'mine.ts': code, 't.yaml': topologyText('generator', './mine.ts', { more: limits }) })
  const topology = await readTopology(join(folder, 't.yaml'))
  const plugin = { ...topology.agents.generator.plugin!, role: 'generator' as const }
  const faults: string[] = []
  let logged = 0
  const count = (text: string) => {
    logged += text.length
  }
  await using remote = remoteDefinition(plugin, topology.plugins, (text) => faults.push(text))
  const opened = await (remote as unknown as GeneratorDefinition).open({
    identity: { role: 'generator', variant: 'mine', instance: 'generator-1' },
    options: {},
    log: { info: count, warn: count, error: count },
    signal: new AbortController().signal,
  })
  const work: GeneratorWork = {
    runId: 'r',
    shard: shardOf({ from: 0, count: 10 }),
    source: program.sources[0]!,
    program,
    task,
  }
  const given = { signal: new AbortController().signal, progress() {}, ...services } as GeneratorServices
  const made = await Promise.resolve(opened.make(work, given))
    .then((value) => checkedMade(value, work, plugin, (text) => faults.push(text)))
    .catch((error: unknown) => failedShard(work, error))
  return { made, faults, logged: () => logged }
}

test.each([
  ['reads the vault', "readFileSync(process.env.HOME + '/.syllabus/contamination.key')", 'refused FileSystemRead'],
  ['reads the test of the task', `readFileSync('${bundledTask}/test.jsonl')`, 'refused FileSystemRead'],
  [
    'reads what its parent was started with',
    "readFileSync('/proc/' + process.ppid + '/environ')",
    'refused FileSystemRead',
  ],
  ['starts a process', "execSync('id')", 'refused ChildProcess'],
  ['starts a thread', 'new Worker("", { eval: true })', 'refused WorkerThreads'],
  ['hangs', 'while (true) {}', 'gave no answer within 4 s'],
  ['never answers', 'await new Promise(() => {})', 'gave no answer within 4 s'],
  ['ends its process', 'process.exit(0)', 'ended with exit code 0'],
  ['kills its process', "process.kill(process.pid, 'SIGKILL')", 'ended with SIGKILL'],
  [
    'writes rows of 100 MB',
    "return { candidates: [candidateOf(work, { index: 0, input: 'x'.repeat(1e8), output: '1' })] }",
    'more than 2000000 bytes',
  ],
  ['writes forged messages to the descriptor', "writeSync(3, 'x'); await new Promise(() => {})", 'gave no answer'],
  ['throws', "throw new Error('no idea')", 'no idea'],
  ['gives nothing', 'return null', 'gave no candidates'],
  [
    'gives rows of another run',
    "return { candidates: [{ ...candidateOf(work, { index: 0, input: 'a', output: 'b' }), id: 'a9.r9.other.0.0' }], failures: [] }",
    'which is none of its shard',
  ],
  ['asks for a service that there is not', "await services.call.call(null, 'x', {})", 'there is no service call'],
])(
  'a plug-in that %s fails alone, and is named with the reason',
  async (_, make, reason) => {
    const before =
      "import { readFileSync, writeSync } from 'node:fs'\nimport { execSync } from 'node:child_process'\nimport { Worker } from 'node:worker_threads'"
    const { made, faults } = await hosted(make, { before })
    expect(made.candidates).toEqual([])
    expect(made.failures.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(made.failures[0]?.reason).toContain(reason)
    expect(made.failures[0]?.reason).toContain('mine 1.0.0 (./mine.ts)')
    expect(faults.every((fault) => fault.startsWith('mine 1.0.0 (./mine.ts)'))).toBe(true)
  },
  60_000,
)

test('a plug-in is given no credentials and no key', async () => {
  process.env.OPENAI_API_KEY = 'k-planted-for-a-test'
  process.env.NATS_URL = 'nats://planted'
  try {
    const { made } = await hosted("throw new Error(Object.entries(process.env).flat().join(' '))")
    expect(made.failures[0]?.reason).not.toMatch(/planted|SYLLABUS_/)
  } finally {
    delete process.env.OPENAI_API_KEY
    delete process.env.NATS_URL
  }
})

test('a plug-in that floods the log is cut off and named; its rows stand', async () => {
  const { made, faults, logged } = await hosted(
    `for (let n = 0; n < 3000; n++) log.info('x'.repeat(100)); ${plainRows}`,
  )
  expect(made.candidates).toHaveLength(10)
  expect(logged()).toBeLessThanOrEqual(20_000)
  expect(faults[0]).toContain('writes more than 20000 bytes a minute into the log')
})

test('a plug-in that ignores its budget is refused every call above it', async () => {
  let calls = 0
  const call = (async () => {
    calls += 1
    if (calls > 3) return { promptHash: '', failure: { ok: false, why: 'budget', reason: 'no call is left' } }
    return { promptHash: '', reply: { text: 'yes' } }
  }) as unknown as GeneratorServices['call']
  const make = `let replies = 0; for (let n = 0; n < 50; n++) if ('reply' in await services.call('c' + n, { messages: [], sampling: {} }, 'generate')) replies += 1; throw new Error(replies + ' replies')`
  const { made } = await hosted(make, { services: { call } })
  expect(made.failures[0]?.reason).toContain('3 replies')
})

test('long rows, rows for others and forged origins of a plug-in are not carried on', async () => {
  const make = `return { candidates: [
    candidateOf(work, { index: 0, input: 'a', output: 'b', origin: { seed: 's' } }),
    { ...candidateOf(work, { index: 1, input: 'a', output: 'b' }), skill: 'other', source: 'other', origin: { generator: 'llm', plugin: { version: '9', hash: 'f'.repeat(64) } } },
    candidateOf(work, { index: 2, input: 'x'.repeat(5000), output: 'b' }),
    candidateOf(work, { index: 3, input: 'a', output: 'b', origin: { phrasing: 'x'.repeat(9000) } }),
  ], failures: [{ index: 4, reason: 'not today' }] }`
  const { made } = await hosted(make)
  expect(
    made.candidates.map(({ skill, source, origin }) => [skill, source, origin.generator, origin.plugin?.version]),
  ).toEqual([
    [program.sources[0]!.skill, program.sources[0]!.id, 'mine', '1.0.0'],
    [program.sources[0]!.skill, program.sources[0]!.id, 'mine', '1.0.0'],
  ])
  expect(made.failures.map(({ index, reason }) => `${index} ${reason}`)).toEqual([
    expect.stringMatching(/^2 mine: an input of 5000 characters/),
    expect.stringMatching(/^3 mine: an origin of \d+ characters/),
    '4 mine: not today',
    ...[5, 6, 7, 8, 9].map((index) => `${index} mine: gave nothing for this index`),
  ])
})
