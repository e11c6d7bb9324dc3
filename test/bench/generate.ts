/**
 * `npm run bench -- [--faults] [--generators n] [--rows n]`: `syllabus generate` against a teacher of ours with a fixed latency of
 * 200 ms and a duplicate at every 20th prompt. Prints wall, calls a second, processor time and memory of all its processes.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { natsBinary } from '../support/nats.ts'
import { promptProgram } from '../support/prompt-program.ts'
import { startTeacherServer } from '../support/teacher-server.ts'

const { values } = parseArgs({
  options: {
    faults: { type: 'boolean', default: false },
    generators: { type: 'string', default: '1' },
    rows: { type: 'string', default: '2000' },
  },
})
const calls = Number(values.rows)
const generators = Number(values.generators)
const latencyMs = 200
const concurrency = 80 * generators
const idealRate = (concurrency * 1000) / latencyMs
const faults = values.faults ? { http500: 0.01, http429: 0.01, hang: 0.005, cutText: 0.005, cutBody: 0.005 } : {}

/** Peak memory in MB of a process and its descendants, each by its name. */
async function peaks(root: number, into: Map<string, number>): Promise<void> {
  const parents = new Map<number, { parent: number; name: string; peakKb: number }>()
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const status = await readFile(`/proc/${name}/status`, 'utf8').catch(() => '')
    const field = (key: string) => new RegExp(`^${key}:\\s+(\\S+)`, 'm').exec(status)?.[1] ?? ''
    parents.set(Number(name), { parent: Number(field('PPid')), name: field('Name'), peakKb: Number(field('VmHWM')) })
  }
  const descends = (pid: number): boolean => pid === root || (parents.has(pid) && descends(parents.get(pid)!.parent))
  for (const [pid, { name, peakKb }] of parents) {
    if (peakKb > 0 && descends(pid))
      into.set(`${name} ${pid}`, Math.max(into.get(`${name} ${pid}`) ?? 0, peakKb / 1024))
  }
}

const folder = await mkdtemp(join(tmpdir(), 'syllabus-bench-'))
try {
  await using server = await startTeacherServer({ latencyMs, duplicateEvery: 20, faults })
  const program = join(folder, 'program.json')
  await writeFile(program, JSON.stringify(promptProgram({ rows: calls })))
  const bin = join(import.meta.dirname, '../../cli/bin.mjs')
  const out = join(folder, 'out')
  const startedAt = Date.now()
  // The shell's `time` adds up what all waited-for descendants used.
  const command = 'TIMEFORMAT="cpu %U %S"; time "$@"'
  const asked = [
    '--rows',
    values.rows,
    '--candidate-cap',
    '1',
    '--generators',
    values.generators,
    '--model',
    server.model,
  ]
  const child = spawn(
    'bash',
    ['-c', command, 'bash', process.execPath, bin, 'generate', '--program', program, '--out', out, ...asked],
    {
      env: {
        ...process.env,
        SYLLABUS_HOME: join(folder, 'home'),
        OPENAI_BASE_URL: server.url,
        OPENAI_API_KEY: 'bench',
        PATH: `${dirname(await natsBinary())}${delimiter}${process.env.PATH}`,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const memory = new Map<string, number>()
  const watch = setInterval(() => void peaks(child.pid!, memory).catch(() => {}), 250)
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  clearInterval(watch)
  const wallS = (Date.now() - startedAt) / 1000
  const [, user, system] = /cpu (\S+) (\S+)/.exec(text) ?? []
  const Facts = z.object({ rows: z.number(), stopReason: z.string(), spent: z.object({ calls: z.number() }) })
  const read = await readFile(join(out, 'generation.json'), 'utf8').catch(() => null)
  if (read === null) throw new Error(`no outcome, exit code ${code}:\n${text}`)
  const made = Facts.parse(JSON.parse(read))
  const callsS = (server.lastAt - server.firstAt) / 1000
  const report = {
    calls,
    generators,
    faults: values.faults,
    rows: made.rows,
    stopReason: made.stopReason,
    requests: server.requests,
    counted: made.spent.calls,
    wallS,
    secondsToFirstCall: (server.firstAt - startedAt) / 1000,
    secondsAfterLastCall: (Date.now() - server.lastAt) / 1000,
    rateFirstToLast: server.requests / callsS,
    shareFirstToLast: server.requests / callsS / idealRate,
    shareOfWall: server.requests / wallS / idealRate,
    cpuS: Number(user) + Number(system),
    largestProcessMb: Math.max(...memory.values()),
    largestProcess: [...memory].toSorted(([, a], [, b]) => b - a)[0]?.[0],
  }
  const rounded = Object.entries(report).map(([name, value]) => [
    name,
    typeof value === 'number' ? Number(value.toFixed(3)) : value,
  ])
  console.log(JSON.stringify(Object.fromEntries(rounded), null, 2))
} finally {
  await rm(folder, { recursive: true, force: true })
}
