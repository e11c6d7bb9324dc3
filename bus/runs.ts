import type { Link } from './link.ts'
import {
  bucketPrefix,
  bucketStream,
  bucketsOf,
  type LogAccount,
  logPrefixOf,
  logStreamOf,
  objectPrefixOf,
  objectStreamOf,
} from './subjects.ts'
import { noneWhere, streamNotFound } from './topology.ts'

/** Ids of the runs that have messages in LAB's log; none before there is one. */
export async function listRuns(link: Link): Promise<string[]> {
  const info = await link.ask(
    () =>
      link.jsm.streams
        .info(logStreamOf.LAB, { subjects_filter: `${logPrefixOf.LAB}.>` })
        .catch(noneWhere(streamNotFound)),
    `stream ${logStreamOf.LAB}`,
  )
  const runs = Object.keys(info?.state.subjects ?? {}).map((subject) => subject.split('.')[1] ?? '')
  return [...new Set(runs)].sort()
}

/**
 * Removes a run's messages, values and objects from every account at hand. Refused while a message of the run may be with a
 * worker, unless forced. @throws Error that names the consumers
 */
export async function purgeRun(
  links: readonly Link[],
  runId: string,
  options: { force?: boolean } = {},
): Promise<void> {
  if (!options.force) {
    const busy = (await Promise.all(links.map((link) => busyConsumers(link, runId)))).flat()
    if (busy.length > 0) throw new Error(`run ${runId} has messages in work at ${busy.join(', ')}; stop it first`)
  }
  for (const link of links) {
    const purge = (stream: string, filter: string) =>
      link.ask(() => link.jsm.streams.purge(stream, { filter }), `stream ${stream}`)
    // VAULT is closed even to the operator; what it holds of a run are its final evaluations, which stay counted.
    if (link.account === 'VAULT') continue
    await purge(logStreamOf[link.account], `${logPrefixOf[link.account]}.${runId}.>`)
    await purge(objectStreamOf[link.account], `${objectPrefixOf[link.account]}.${runId}.>`)
    if (link.account !== 'LAB') continue
    for (const bucket of bucketsOf('LAB')) {
      await purge(bucketStream(bucket), `${bucketPrefix(bucket)}.${runId}`)
      await purge(bucketStream(bucket), `${bucketPrefix(bucket)}.${runId}.>`)
    }
  }
}

/** Consumers that were given a message of the run and have something unacknowledged since. */
async function busyConsumers(link: Link, runId: string): Promise<string[]> {
  if (link.account === 'VAULT') return []
  const account: LogAccount = link.account
  const stream = logStreamOf[account]
  const busy: string[] = []
  const consumers = await link.ask(() => Array.fromAsync(link.jsm.consumers.list(stream)), `stream ${stream}`)
  for (const info of consumers) {
    const filter = info.config.filter_subject
    if (info.num_ack_pending === 0 || !filter) continue
    const ask = { seq: info.ack_floor.stream_seq + 1, next_by_subj: filter.replace('*', runId) }
    const first = await link.ask(() => link.jsm.streams.getMessage(stream, ask), `stream ${stream}`)
    if (first && first.seq <= info.delivered.stream_seq) busy.push(info.name)
  }
  return busy
}
