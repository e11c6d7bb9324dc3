import { z } from 'zod'
import { type ObjectRef, RunId, Sha256 } from '../../schemas/ids.ts'
import { EvalSetName } from '../../schemas/sealed-results.ts'
import type { RunFacts } from '../report/mod.ts'

/** A file's path inside a bundle: plain names, and never out of it. */
export const BundlePath = z.string().regex(/^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)*$/)

/** The form of a bundle; 1 had other names of messages, fields and files. */
export const bundleVersion = 2

/**
 * `manifest.json`, the bundle's first file. Its own SHA-256 is the bundle's hash: it pins every other file, however the archive is
 * packed.
 */
export const Manifest = z.object({
  version: z.literal(
    bundleVersion,
    `it was made by another version of Syllabus (bundles of form ${bundleVersion} are read here): verify it with that one`,
  ),
  runId: RunId,
  /** What a person looks for, by name ("dataset of attempt 1"), and the file that holds it. */
  names: z.record(z.string(), BundlePath),
  /** What the log names and the bus no longer had. */
  missing: z.array(z.object({ sha256: Sha256, name: z.string(), reason: z.string() })),
  /** Every other file. */
  files: z.record(BundlePath, z.object({ sha256: Sha256, bytes: z.number().int().nonnegative() })),
})
export type Manifest = z.infer<typeof Manifest>

/** Where each part of a bundle lies; docs/bundle.md says what is in it. */
export const bundleFiles = {
  manifest: 'manifest.json',
  log: 'log.jsonl',
  report: 'report.json',
  versions: 'versions.json',
  rounds: 'rounds.jsonl',
  object: (sha256: string) => `objects/${sha256}`,
  journal: (bucket: JournalBucket) => `journal/${bucket}.jsonl`,
  prompt: (name: string) => `prompts/${name}`,
  items: (evalSet: ItemTableName) => `items/${evalSet}.jsonl`,
} as const

/** The journals of generator, critic and planner. */
export const journalBuckets = ['journal', 'check-journal', 'plan-journal', 'analysis-journal'] as const
export type JournalBucket = (typeof journalBuckets)[number]

export const itemTables = ['validation', ...EvalSetName.options] as const
export type ItemTableName = (typeof itemTables)[number]
/** Files of a bundle, wherever their bytes lie. */
export type BundleFiles = {
  /** SHA-256 and size of every file that is really there, by path. */
  files: ReadonlyMap<string, { sha256: string; bytes: number }>
  pieces(path: string): AsyncIterable<Buffer>
}

type Named = Pick<ObjectRef, 'sha256'>

/** What a person looks for in a bundle, and the object that holds it. */
export function namesOf(facts: RunFacts): Manifest['names'] {
  const attemptName = (attempt: number) => (attempt === 0 ? 'the control' : `attempt ${attempt}`)
  const named: [string, Named | null | undefined][] = [
    ['task', facts.config?.publicTask],
    ...facts.decisions
      .filter(({ payload }) => facts.shards.some((shard) => shard.payload.round.attempt === payload.attempt))
      .map(({ payload: { attempt, programHash: sha256 } }): [string, Named] => [
        `program of ${attemptName(attempt)}`,
        { sha256 },
      ]),
    ...facts.verdicts.map(({ payload }): [string, ObjectRef] => [
      `dataset of ${attemptName(payload.attempt)}`,
      payload.dataset,
    ]),
    ...facts.finalEvalRequests.flatMap(({ payload }) =>
      payload.arms.map(({ arm, dataset }): [string, ObjectRef | null] => [`dataset of arm ${arm}`, dataset]),
    ),
    ...facts.predictions.map(({ payload }): [string, ObjectRef] => [
      `replies of ${payload.studentModel.name} to validation`,
      payload.predictions,
    ]),
  ]
  return Object.fromEntries(named.flatMap(([name, ref]) => (ref ? [[name, bundleFiles.object(ref.sha256)]] : [])))
}
