import { createLog } from '../../agents/kit/log.ts'
import { type Replayed, replayRun } from '../../evidence/bundle/replay/replay-run.ts'
import { exitCodes } from '../../launcher/console/exit-codes.ts'
import { stopSignal } from '../../launcher/console/stop-signal.ts'
import { readTopology } from '../../launcher/topology/topology-file.ts'
import { withBus } from '../../launcher/with-bus.ts'
import { homeFolder } from '../../machine/folders.ts'
import { plural } from '../../schemas/number-text.ts'
import { printableJson } from '../../schemas/printable.ts'
import type { RunConfig } from '../../schemas/run.ts'
import type { Topology } from '../../schemas/topology.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { asksModel, chosenIn } from '../../schemas/variants.ts'
import { readRun } from '../run/follow-run.ts'
import { pickRun } from '../run/pick-run.ts'

export type ReplayOptions = { model?: string; topology: string; json: boolean }

/**
 * Makes the datasets of a run again without one call, prints how each compares, and gives the exit code.
 * @throws UsageError where there is no such run, or nothing to replay
 */
export async function replay(named: string | undefined, options: ReplayOptions): Promise<number> {
  return withBus(async (bus, cluster) => {
    const { config } = await pickRun(bus, named, () => true)
    const { runId } = config
    const topology = await readTopology(options.topology)
    const replayed: Replayed[] = []
    const attempts = replayRun({
      bus,
      config,
      entries: await readRun(bus, runId),
      contaminationKey: Buffer.from(await cluster.contaminationKey(), 'hex'),
      options: {
        generator: optionsOf(config, topology, 'generator', options.model),
        critic: optionsOf(config, topology, 'critic', options.model),
      },
      home: homeFolder(),
      log: createLog({ role: 'replay' }, { level: 'error' }),
      signal: stopSignal(),
    })
    for await (const attempt of attempts) {
      replayed.push(attempt)
      console.log(options.json ? printableJson(attempt) : lineOf(attempt))
    }
    if (replayed.length === 0)
      throw new UsageError(`Run ${runId} has asked for no rows yet.`, 'Replay it once it has a dataset.')
    const count = (...of: Replayed['outcome'][]) => replayed.filter(({ outcome }) => of.includes(outcome)).length
    return count('same') > 0 && count('differs', 'impossible') === 0 ? exitCodes.ok : exitCodes.failure
  })
}

const words = { same: 'OK', empty: 'EMPTY', differs: 'DIFFERS', impossible: 'IMPOSSIBLE' } as const

function lineOf({ attempt, outcome, rows, datasetHash, recordedHash, error }: Replayed): string {
  const name = attempt === 0 ? 'control' : `attempt ${attempt}`
  const detail =
    outcome === 'same'
      ? `${rows} ${plural(rows, 'row')}, dataset ${datasetHash}`
      : outcome === 'empty'
        ? 'no row was admitted, so there is nothing to compare'
        : outcome === 'differs'
          ? `dataset ${datasetHash}, recorded ${recordedHash}`
          : error
  return `${words[outcome].padEnd(10)}  ${name}: ${detail}`
}

/** The options that the run's agent of a role had, as far as they matter: its model is the run's. */
function optionsOf(
  config: RunConfig,
  { agents }: Topology,
  role: 'generator' | 'critic',
  named: string | undefined,
): Record<string, unknown> {
  const { variants, models, options: kept, runId } = config
  const written = kept?.[role] ?? (agents[role].variant === variants[role] ? agents[role].options : {})
  const asks = asksModel(chosenIn(config, role))
  const model = models[role] ?? named
  if (!asks) return written
  if (model === undefined) {
    throw new UsageError(`Run ${runId} does not say which model its ${role} asked.`, 'Name it with --model.')
  }
  return { ...written, model }
}
