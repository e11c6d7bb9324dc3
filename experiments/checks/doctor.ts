import { createLog } from '../../agents/kit/log.ts'
import { checkTeacher } from '../../agents/kit/teacher/check.ts'
import { chatPath } from '../../agents/kit/teacher/endpoint-error.ts'
import { hostOf } from '../../agents/kit/teacher/options.ts'
import { openBusServer } from '../../launcher/bus-server.ts'
import { checkDisk } from '../../launcher/check-host.ts'
import { exitCodes } from '../../launcher/console/exit-codes.ts'
import { connectOperator } from '../../launcher/session.ts'
import { askedBy, checkKeys, embedderAsked } from '../../launcher/topology/endpoints.ts'
import { type Limit, limitsOf } from '../../launcher/topology/limits.ts'
import { nameModel } from '../../launcher/topology/models.ts'
import { withOverrides } from '../../launcher/topology/overrides.ts'
import { paperNamesIn } from '../../launcher/topology/paper-names.ts'
import { readTopology, readTopologyText } from '../../launcher/topology/topology-file.ts'
import { withModel } from '../../launcher/topology/with-model.ts'
import { homeFolder } from '../../machine/folders.ts'
import { diagnoseEmbedder, diagnoseSetup, type SetupFinding } from '../../provision/mod.ts'
import { printableJson } from '../../schemas/printable.ts'
import type { Topology } from '../../schemas/topology.ts'
import { fixOf, reasonOf, UsageError } from '../../schemas/user-error.ts'
import { fileSizeLimits } from '../../tasks/files/regular-file.ts'
import { diagnoseStudent } from '../../trainer-bridge/diagnose-student.ts'
import { embeddingsPath } from '../../trainer-bridge/embedder/endpoint-embedder.ts'
import { chosenRuntimes } from '../../trainer-bridge/runtimes/table.ts'
import { bridgeOptionsOf } from './check-models.ts'

/** Whether a check passes, as a finding. */
async function finding(name: string, check: () => Promise<string>): Promise<SetupFinding> {
  try {
    return { name, status: 'ok', detail: await check() }
  } catch (error) {
    const detail = reasonOf(error)
    return { name, status: 'broken', detail, fix: fixOf(error) }
  }
}

/** The model and endpoint of each role, and of an embedder that has one; whether its key is set and whether it answers; nothing is paid. */
async function checkEndpoints(topology: Topology): Promise<SetupFinding[]> {
  const asked = [...askedBy(topology, process.env), ...embedderAsked(topology, process.env)]
  if (asked.length === 0) return []
  const keys = await finding('keys of models', async () => {
    checkKeys(asked)
    return 'none goes to two endpoints'
  })
  const check = async ({ role, model, endpoint, keyName }: (typeof asked)[number]): Promise<SetupFinding> => {
    const found = await finding(role === 'trainer-bridge' ? 'embedder' : `model of the ${role}`, async () => {
      if (model === null) throw new UsageError('no model is named', nameModel)
      const path = role === 'trainer-bridge' ? embeddingsPath : chatPath
      const { contextTokens, warning } = await checkTeacher(endpoint, model, topology.teacher.checkMs, path)
      return `it answers${contextTokens ? `, with a context of ${contextTokens} tokens` : ''}${warning ? `. ${warning}` : ''}`
    })
    const key = keyName === null ? 'no key' : `key ${keyName} is ${endpoint.apiKey ? 'set' : 'not set'}`
    return { ...found, detail: `${model ?? 'none'} at ${hostOf(endpoint)}, ${key}; ${found.detail}` }
  }
  // A key that would go to two endpoints goes to none.
  return keys.status === 'ok' ? [keys, ...(await Promise.all(asked.map(check)))] : [keys]
}

/** Whether the trainer-bridge's options hold, whether its student works, and what embeds rows on this machine, where they say so. */
async function checkBridge(topology: Topology, home: string, embeddedIsThere: boolean): Promise<SetupFinding[]> {
  const options = await finding('options of the trainer-bridge', async () => bridgeOptionsOf(topology) && 'they hold')
  if (options.status === 'broken') return [options]
  const bridge = bridgeOptionsOf(topology)
  const log = createLog({ role: 'doctor' }, { level: 'silent' })
  const chosen = await Promise.all(chosenRuntimes(bridge).map(({ diagnose }) => diagnose?.(home, bridge)))
  const found = [
    await diagnoseStudent(bridge, { home, log, embeddedIsThere }),
    ...chosen.filter((each) => each !== undefined),
  ]
  if (bridge.embedder === 'package') return [...found, await diagnoseEmbedder(home)]
  return bridge.embedder === 'student'
    ? [...found, { name: 'embedder', status: 'ok', detail: 'the student itself' }]
    : found
}

async function checkFoundServer(): Promise<string> {
  const home = homeFolder()
  const log = createLog({ role: 'doctor' }, { level: 'silent' })
  await using server = await openBusServer({ home, log, onProgress: () => {} })
  await using bus = await connectOperator(server, log)
  return `${server.servers} answers; accounts ${bus.sealed ? 'apart: the test is sealed' : 'not apart: nothing is sealed'}`
}

/** The sizes of files, which the environment may change. */
const fileLimits = (): Limit[] =>
  fileSizeLimits.map(({ name, default: usual }) => {
    const value = process.env[name]
    return {
      path: name,
      value: Number(value ?? usual),
      default: usual,
      source: value === undefined ? 'default' : 'environment',
    }
  })

/** A limit with who said it and, where its value is another, the default. */
function describe({ path, value, default: usual, source }: Limit): string {
  const [here, otherwise] = [JSON.stringify(value), JSON.stringify(usual)]
  return `${path} = ${here}  (${source}${here === otherwise ? '' : `; default ${otherwise}`})`
}

const marks = { ok: 'ok     ', missing: 'missing', broken: 'BROKEN ' } as const

export type ExamineOptions = { topology: string; student?: string; model?: string; json: boolean }

/** Prints every limit in force, then what is there, and what is missing with its fix. Gives the exit code. */
export async function examine(options: ExamineOptions): Promise<number> {
  const topology = withOverrides(await readTopology(options.topology), options)
  const limits = [...limitsOf(topology, await readTopologyText(options.topology)), ...fileLimits()]
  const home = homeFolder()
  const findings = [
    ...(await diagnoseSetup({ home })),
    await finding('free disk', () => checkDisk(topology, home).then(() => `enough under ${home}`)),
  ]
  const embeddedIsThere = findings.some(({ name, status }) => name === 'student' && status === 'ok')
  findings.push(...(await checkBridge(topology, home, embeddedIsThere)))
  findings.push(...(await checkEndpoints(withModel(topology, options.model))))
  const server = findings.find(({ name }) => name === 'nats-server')
  if (process.env.NATS_URL || server?.status === 'ok') findings.push(await finding('bus', checkFoundServer))
  if (options.json)
    console.log(
      printableJson({
        findings,
        limits: Object.fromEntries(limits.map(({ path, ...limit }) => [path, limit])),
        paperNames: paperNamesIn(process.env),
      }),
    )
  else {
    // A terminal shows the end: what is missing stands below the limits.
    console.log(`limits (${options.topology}, and the messages' delivery policies); null: none`)
    for (const limit of limits) console.log(`  ${describe(limit)}`)
    const named = paperNamesIn(process.env)
    if (named.length > 0) console.log('\nset by the names of the paper, and counted in the limits above')
    for (const { name, value } of named) console.log(`  ${name} = ${value}`)
    console.log('')
    for (const { name, status, detail, fix } of findings) {
      console.log(`${marks[status]}  ${name}: ${detail}${fix ? `\n           fix: ${fix}` : ''}`)
    }
  }
  return findings.some(({ status }) => status === 'broken') ? exitCodes.badInput : exitCodes.ok
}
