import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { parse } from 'yaml'
import { createLog } from '../../agents/kit/log.ts'
import { diagnose, type Finding } from '../../trainer-bridge/provision/mod.ts'
import { openCluster } from '../cluster.ts'
import { mendOf } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { homeFolder } from '../home.ts'
import { type Limit, limitsOf } from '../limits.ts'
import { paperNamesIn } from '../paper-names.ts'
import { checkDisk, connectOperator } from '../session.ts'
import { defaultTopology, readTopology } from '../topology-file.ts'

/** Whether a check passes, as a finding. */
async function finding(name: string, check: () => Promise<string>): Promise<Finding> {
  try {
    return { name, status: 'ok', detail: await check() }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    return { name, status: 'broken', detail, mend: mendOf(error) }
  }
}

async function checkFoundServer(): Promise<string> {
  const home = homeFolder()
  const log = createLog({ role: 'doctor' }, { level: 'silent' })
  await using cluster = await openCluster({ home, log, onProgress: () => {} })
  await using bus = await connectOperator(cluster, log)
  return `${cluster.servers} answers; accounts ${bus.sealed ? 'apart: the test is sealed' : 'not apart: nothing is sealed'}`
}

/** A limit with who said it and, where its value is another, the default. */
function describe({ path, value, default: usual, source }: Limit): string {
  const [here, otherwise] = [JSON.stringify(value), JSON.stringify(usual)]
  return `${path} = ${here}  (${source}${here === otherwise ? '' : `; default ${otherwise}`})`
}

const marks = { ok: 'ok     ', missing: 'missing', broken: 'BROKEN ' } as const

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('what is there, what is missing and the command that mends it; and every limit in force')
    .option('--topology <file>', 'whose limits to show', defaultTopology)
    .option('--json', 'JSON instead of text', false)
    .action(async (options: { topology: string; json: boolean }) => {
      const topology = await readTopology(options.topology)
      const limits = limitsOf(topology, parse(await readFile(options.topology, 'utf8')))
      const home = homeFolder()
      const findings = [
        ...(await diagnose({ home })),
        await finding('free disk', () => checkDisk(topology, home).then(() => `enough under ${home}`)),
      ]
      const server = findings.find(({ name }) => name === 'nats-server')
      if (process.env.NATS_URL || server?.status === 'ok') findings.push(await finding('bus', checkFoundServer))
      if (options.json)
        console.log(
          JSON.stringify({
            findings,
            limits: Object.fromEntries(limits.map(({ path, ...limit }) => [path, limit])),
            paperNames: paperNamesIn(process.env),
          }),
        )
      else {
        for (const { name, status, detail, mend } of findings) {
          console.log(`${marks[status]}  ${name}: ${detail}${mend ? `\n           mend: ${mend}` : ''}`)
        }
        console.log(`\nlimits (${options.topology}, and the messages' delivery policies); null: none`)
        for (const limit of limits) console.log(`  ${describe(limit)}`)
        const named = paperNamesIn(process.env)
        if (named.length > 0) console.log('\nset by the names of the paper, and counted in the limits above')
        for (const { name, value } of named) console.log(`  ${name} = ${value}`)
      }
      if (findings.some(({ status }) => status === 'broken')) process.exitCode = exitCodes.badInput
    })
}
