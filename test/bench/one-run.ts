import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { z } from 'zod'
import { natsBinary } from '../support/nats.ts'
import { promptProgram } from '../support/prompt-program.ts'
import { startTeacherServer, type TeacherFaults } from '../support/teacher-server.ts'
import { noteProcesses, type ProcessUse } from './processes.ts'

export type BenchSettings = {
  home: string
  out: string
  calls: number
  generators: number
  latencyMs: number
  faults: TeacherFaults
  /** Whether a `parse` hook reads the rows. */
  hook: boolean
  /** Of the teacher: a user's is the same every day. */
  port: number
  /** What the command's environment has beside. */
  env?: Record<string, string>
}

/** Calls under way in one generator. */
export const perGenerator = 80

const parse = '(reply) => { const { input, output } = JSON.parse(reply); return { input, output } }'

const Facts = z.object({ rows: z.number(), stopReason: z.string(), spent: z.object({ calls: z.number() }) })

/**
 * One `syllabus generate` in a process of its own against a teacher of ours, who plants a duplicate at every 20th prompt: wall
 * seconds as a user waits, calls a second against what the latency allows, processor time and memory of all its processes.
 */
export async function benchRun(settings: BenchSettings) {
  const { home, out, calls, generators, latencyMs, faults, hook, port, env } = settings
  await using server = await startTeacherServer({ latencyMs, duplicateEvery: 20, faults }, port)
  const program = `${out}-program.json`
  await writeFile(
    program,
    JSON.stringify(promptProgram({ rows: calls, ...(hook && { hooks: { parse, maxExpanded: 1 } }) })),
  )
  const bin = join(import.meta.dirname, '../../cli/bin.mjs')
  const asked = ['--rows', calls, '--candidate-cap', 1, '--generators', generators, '--model', server.model].map(String)
  const startedAt = Date.now()
  // The shell's `time` adds up what all waited-for descendants used.
  const command = 'TIMEFORMAT="cpu %U %S"; time "$@"'
  const child = spawn(
    'bash',
    ['-c', command, 'bash', process.execPath, bin, 'generate', '--program', program, '--out', out, ...asked],
    {
      env: {
        ...process.env,
        SYLLABUS_HOME: home,
        OPENAI_BASE_URL: server.url,
        OPENAI_API_KEY: 'bench',
        PATH: `${dirname(await natsBinary())}${delimiter}${process.env.PATH}`,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const used = new Map<number, ProcessUse>()
  const middle: number[] = []
  const watch = setInterval(() => {
    void noteProcesses(child.pid!, used).catch(() => {})
    if (server.requests > 0.1 * calls && server.requests < 0.9 * calls) middle.push(server.inFlight)
  }, 250)
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  clearInterval(watch)
  const endedAt = Date.now()
  const [, user, system] = /cpu (\S+) (\S+)/.exec(text) ?? []
  const read = await readFile(join(out, 'generation.json'), 'utf8').catch(() => null)
  if (read === null) throw new Error(`no outcome, exit code ${code}:\n${text}`)
  const made = Facts.parse(JSON.parse(read))
  const idealRate = (perGenerator * generators * 1000) / latencyMs
  const rate = (server.requests * 1000) / (server.lastAt - server.firstAt)
  const cpuS = Number(user) + Number(system)
  const largest = [...used.values()].reduce((a, b) => (b.peakMb > a.peakMb ? b : a))
  return {
    port: Number(new URL(server.url).port),
    rows: made.rows,
    stopReason: made.stopReason,
    requests: server.requests,
    counted: made.spent.calls,
    wallS: (endedAt - startedAt) / 1000,
    secondsToFirstCall: (server.firstAt - startedAt) / 1000,
    secondsAfterLastCall: (endedAt - server.lastAt) / 1000,
    rateFirstToLast: rate,
    shareFirstToLast: rate / idealRate,
    // Without the beginning, at which processes start one after the other, and the end, which waits for the last replies.
    shareInMiddle: middle.reduce((sum, each) => sum + each, 0) / middle.length / (perGenerator * generators),
    shareOfWall: (server.requests * 1000) / (endedAt - startedAt) / idealRate,
    cpuS,
    cpuMsPerCall: (cpuS * 1000) / server.requests,
    largestProcessMb: largest.peakMb,
    largestProcess: largest.name,
    processes: [...used.values()].map(({ name, cpuS: each, peakMb }) => `${name}: ${each} s, ${Math.round(peakMb)} MB`),
  }
}
