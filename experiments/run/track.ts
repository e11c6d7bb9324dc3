import { readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { createLog } from '../../agents/kit/log.ts'
import type { Bus } from '../../bus/mod.ts'
import type { Reporter } from '../../launcher/console/reporter.ts'
import { createReporter } from '../../launcher/console/reporter.ts'
import { readTopology } from '../../launcher/topology/topology-file.ts'
import { withBus } from '../../launcher/with-bus.ts'
import { homeFolder, runsFolder } from '../../machine/folders.ts'
import type { Topology } from '../../schemas/topology.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { checkTrackers, type TrackerName, trackRun } from '../../trackers/mod.ts'
import { commandAgain } from './command-again.ts'
import { pickRun } from './pick-run.ts'

type Tracking = {
  trackers: readonly TrackerName[]
  topology: Pick<Topology, 'trackers'>
  reporter: Reporter
  /** Files of the run beside its report, once it is over. */
  also?: readonly string[]
}

/** Writes a run to trackers from now on; disposed, waits for what is left, as long as the topology says. */
export async function startTracking(
  bus: Bus,
  runId: string,
  { trackers, topology, reporter, also = [] }: Tracking,
): Promise<AsyncDisposable & { isWhole(): boolean }> {
  const { trackers: limits } = topology
  const files = ['report.md', 'report.json', 'report.html'].map((name) => join(runsFolder(), runId, name))
  const tracked = await trackRun(trackers, {
    bus,
    runId,
    home: homeFolder(),
    runs: runsFolder(),
    log: createLog({ role: 'operator' }, { level: 'error' }),
    line: reporter.line,
    limits,
    files: async () =>
      (await Promise.all([...files, ...also].map((path) => readFileUpTo(path, limits.fileBytes)))).flat(),
  })
  let isWhole = true
  return {
    isWhole: () => isWhole,
    async [Symbol.asyncDispose]() {
      const ended = tracked.map(async ({ name, target, writing }) => {
        if (!writing) return reporter.line(`${name}: another command writes ${runId} to ${target}`)
        const { isAll, hint } = await writing.finish()
        isWhole &&= isAll
        if (isAll) reporter.line(`${name}: ${hint}`)
        else
          reporter.line(
            `${name}: not all of it is there. The rest: ${commandAgain(['track', runId, '--tracker', name])}`,
          )
        reporter.json({ type: 'tracked', runId, tracker: name, target, whole: isAll })
      })
      await Promise.all(ended)
    },
  }
}

/** A file as it is sent; none where it is not there, or larger than a tracker is sent. */
async function readFileUpTo(path: string, bytes: number): Promise<{ path: string; text: string }[]> {
  const size = (await stat(path).catch(() => null))?.size
  return size === undefined || size > bytes ? [] : [{ path: basename(path), text: await readFile(path, 'utf8') }]
}

/**
 * Writes a stored run to trackers, as far as they do not have it.
 * @throws UsageError where there is no such run, or a tracker does not take it
 */
export async function trackStored(
  named: string | undefined,
  { tracker: trackers, topology: file, json }: { tracker: readonly TrackerName[]; topology: string; json: boolean },
): Promise<void> {
  checkTrackers(trackers)
  const topology = await readTopology(file)
  const reporter = createReporter({ json })
  await withBus(async (bus) => {
    const { config } = await pickRun(bus, named, () => true)
    const tracking = await startTracking(bus, config.runId, { trackers, topology, reporter })
    await tracking[Symbol.asyncDispose]()
    if (tracking.isWhole()) return
    throw new UsageError(
      `A tracker has not taken all of ${config.runId}.`,
      'See the reason above, and give the command again: nothing is sent twice.',
    )
  })
}
