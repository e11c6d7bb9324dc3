import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { defaultTopology } from '../../launcher/topology/topology-names.ts'
import { Yield } from '../../schemas/row.ts'
import type { Topology } from '../../schemas/topology.ts'
import { Spent } from '../../schemas/usage.ts'
import { type Command, syllabus, type Written } from './command.ts'
import { natsBinary } from './nats.ts'
import { promptProgram } from './prompt-program.ts'
import type { TeacherServer } from './teacher-server.ts'

const Outcome = z.object({
  rows: z.number(),
  stopReason: z.string().nullable(),
  spent: Spent,
  leastCalls: z.number(),
  datasetHash: z.string().nullable(),
  bySource: z.record(z.string(), Yield),
})
type Outcome = z.infer<typeof Outcome>

/** A folder in which `syllabus generate` runs as a user runs it; each name has a home and an output folder of its own. */
export type GenerateFolder = AsyncDisposable & {
  path: string
  generate(name: string, server: TeacherServer, args: readonly string[], env?: Record<string, string>): Command
  /** The same, not run yet. */
  written(name: string, server: TeacherServer, args: readonly string[]): Written
  /** The same with the command as it is typed, `npx` included, in a shell's words. */
  typed(name: string, server: TeacherServer, line: string): Command
  /** Any other command in a name's home. */
  command(name: string, args: readonly string[], env?: Record<string, string>): Command
  outcomeOf(name: string): Promise<Outcome>
  /** Writes the usual topology with some changes at its top level; gives the file. */
  topology(name: string, changes: Partial<z.input<typeof Topology>>): Promise<string>
  /** Process ids of a name's agents of one role, read from what they were started with. */
  agentPids(name: string, role: string): Promise<number[]>
  /** Process ids of all that a name's commands have started and that is still there, the commands themselves included. */
  pids(name: string): Promise<number[]>
  /** What a name's agents have logged. */
  agentsLog(name: string): Promise<string>
  /** The process id of a name's nats-server; null while there is none. */
  serverPid(name: string): Promise<number | null>
}

export async function openGenerateFolder(): Promise<GenerateFolder> {
  const path = await mkdtemp(join(tmpdir(), 'syllabus-generate-'))
  const pathWithNats = `${dirname(await natsBinary())}${delimiter}${process.env.PATH}`
  const program = join(path, 'program.json')
  await writeFile(program, JSON.stringify(promptProgram({ rows: 10 })))
  const endpointOf = (server: TeacherServer) => ({ OPENAI_BASE_URL: server.url, OPENAI_API_KEY: 'k-planted' })
  const homeOf = (name: string) => join(path, `${name}-home`)
  const environmentOf = (name: string) => ({ PATH: pathWithNats, SYLLABUS_HOME: homeOf(name) })
  const command = (name: string, args: readonly string[], env: Record<string, string> = {}) =>
    syllabus(args, { ...environmentOf(name), ...env })
  const written = (name: string, server: TeacherServer, args: readonly string[]): Written => ({
    args: ['generate', '--program', program, '--out', join(path, name), '--model', server.model, ...args],
    env: { ...environmentOf(name), ...endpointOf(server) },
  })
  return {
    path,
    command,
    written,
    generate(name, server, moreArgs, moreEnv = {}) {
      const { args, env } = written(name, server, moreArgs)
      return syllabus(args, { ...env, ...moreEnv })
    },
    typed: (name, server, line) => command(name, line.split(' ').slice(2), endpointOf(server)),
    outcomeOf: async (name) => Outcome.parse(JSON.parse(await readFile(join(path, name, 'generation.json'), 'utf8'))),
    async topology(name, changes) {
      const usual = parse(await readFile(defaultTopology, 'utf8'))
      const file = join(path, `${name}.yaml`)
      await writeFile(file, stringify({ ...usual, ...changes }))
      return file
    },
    pids: (name) => pidsWith([`SYLLABUS_HOME=${homeOf(name)}\0`]),
    agentPids: (name, role) => pidsWith([`SYLLABUS_HOME=${homeOf(name)}\0`, `SYLLABUS_AGENT={"role":"${role}"`]),
    async agentsLog(name) {
      const logs = join(homeOf(name), 'logs')
      const files = await readdir(logs).catch(() => [])
      return (await Promise.all(files.map((file) => readFile(join(logs, file), 'utf8')))).join('')
    },
    async serverPid(name) {
      const text = await readFile(join(homeOf(name), 'nats', 'server.json'), 'utf8').catch(() => null)
      return text === null ? null : z.object({ pid: z.number() }).parse(JSON.parse(text)).pid
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}

/** Processes that were started with all of these texts in their environment, and have not ended. */
export async function pidsWith(texts: readonly string[]): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((each) => /^\d+$/.test(each))
  const found = await Promise.all(
    pids.map(async (pid) => {
      const started = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
      return texts.every((text) => started.includes(text)) ? [Number(pid)] : []
    }),
  )
  return found.flat()
}

/** A topology's changes for tests that kill processes: what they had in hand is soon given to others. */
export const quickRedelivery = { generate: { ackWaitMs: 3000 } }

/** The same for tests whose teacher goes away for good: its calls are given up in a second. */
export const quickGivingUp = { teacher: { giveUpMs: 1000, backoffMs: 50, minPauseMs: 100 } }

/** Requests that repeat a prompt which was asked for before. */
export const meteredTwice = (server: TeacherServer): number =>
  [...server.byPrompt.values()].reduce((sum, count) => sum + count - 1, 0)
