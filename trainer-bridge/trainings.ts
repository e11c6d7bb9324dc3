import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { memo } from '../agents/kit/cache.ts'
import type { Bus } from '../bus/mod.ts'
import { putInPlace, writeWhole } from '../machine/state-file.ts'
import { sha256OfFile } from '../provision/mod.ts'
import { jsonOrNull } from '../schemas/bounded-json.ts'
import { hashOf, sha256 } from '../schemas/hash.ts'
import { type ObjectRef, Sha256 } from '../schemas/ids.ts'
import { Row } from '../schemas/row.ts'
import { ownRuntime, RuntimeIdentity, type Runtimes } from '../schemas/runtime-identity.ts'
import { runtimeRevision, TrainResult } from '../schemas/runtime-protocol.ts'
import { recipeFor } from '../schemas/runtime-recipe-keys.ts'
import type { ChatSettings, Recipe, ThinkingSettings } from '../schemas/task.ts'
import { Adapter, TrainingSummary } from '../schemas/training.ts'
import { type Embedder, embeddedDiversity } from './embedder/embedder.ts'
import { jobHashOf, type Student, templateOf } from './job.ts'
import type { Runtime } from './runtime.ts'
import type { Answerer, Trainer } from './runtimes/runtime.ts'

/** A finished training as the bus remembers it, under its job's hash. */
export const TrainingRecord = z.object({ jobHash: Sha256, adapter: Adapter, summary: TrainingSummary })
export type TrainingRecord = z.infer<typeof TrainingRecord>

export type OnProgress = (
  phase: 'train' | 'infer',
  done: number,
  total: number,
  more: { loss?: number; tokensPerSecond?: number; etaSeconds?: number },
) => void

/**
 * What a bridge works with; `scratch` is its folder for adapters and replies. `runtime` is the project's own, for all that no trainer and
 * no answerer does.
 */
export type BridgeParts = {
  bus: Bus
  runtime: Runtime
  trainer: Trainer
  answerer: Answerer
  student: Student
  scratch: string
}

/** What is measured of a dataset before it is trained on: rows of each measure, and what embeds them (null: nothing). */
export type Measures = { perplexityRows: number; embedder: Embedder | null; embeddedRows: number }

/** What is trained on, with which seed. */
export type Training = { dataset: ObjectRef; datasetHash: string; seed: number }

/** A training that is there, whoever made it, and whether it was found. */
export type TrainedJob = TrainingRecord & { reused: boolean }

/** `runtimes`: those of the run, as they are recorded. */
type Known = { chat: ThinkingSettings; runtimes: Runtimes | undefined }
type TrainOptions = Known & {
  halvings: number
  onProgress: OnProgress
  signal: AbortSignal
}

type Measured = { student: string; dataset: string; recipe: Recipe & ChatSettings }

/** Trains adapters, each job once: a finished one is found again by its hash, on whatever bridge it ran. */
export function createTrainings({ bus, runtime, trainer, student, scratch }: BridgeParts, measures: Measures) {
  const { perplexityRows, embedder, embeddedRows } = measures
  const records = bus.kv('trainings', TrainingRecord)
  /** The base student is the same for every seed that a dataset is trained with. */
  const perplexityOf = memo(
    ({ measured, signal }: { datasetHash: string; measured: Measured; signal: AbortSignal }) =>
      runtime.perplexity({ ...measured, most_rows: perplexityRows, seed: 0 }, { signal }),
    ({ datasetHash, measured }) => hashOf([datasetHash, measured.recipe]),
  )
  const diversityOf = memo(
    ({ of, rows, signal }: { datasetHash: string; of: Embedder; rows: readonly Row[]; signal: AbortSignal }) =>
      embeddedDiversity(of, rows, embeddedRows, signal),
    ({ datasetHash }) => datasetHash,
  )

  const hashOfTraining = (training: Training, recipe: Recipe, { chat, runtimes }: Known) =>
    jobHashOf({ ...training, student, recipe, chat, runtime: runtimeRevision, trainer: runtimes?.train })

  return {
    /** The training, where it was done before. */
    async find(training: Training, recipe: Recipe, known: Known): Promise<TrainedJob | null> {
      const done = await records.get(hashOfTraining(training, recipe, known))
      return done ? { ...done.value, reused: true } : null
    },

    /** `halvings`: how often the rows of a pass are halved from the start. */
    async train(
      training: Training,
      recipe: Recipe,
      { chat, runtimes, halvings, onProgress, signal }: TrainOptions,
    ): Promise<TrainedJob> {
      const jobHash = hashOfTraining(training, recipe, { chat, runtimes })
      const folder = join(scratch, jobHash)
      // A process that ended after the training and before its record has left what it made.
      const before = await finishedIn(folder)
      if (!before) await rm(folder, { recursive: true, force: true })
      await mkdir(folder, { recursive: true })
      const dataset = join(folder, 'rows.jsonl')
      const rows = await bus.objects.getLines(training.dataset, Row)
      const lines = rows.map(({ id, instruction, input, output }) => JSON.stringify({ id, instruction, input, output }))
      await writeFile(dataset, `${lines.join('\n')}\n`)
      const facts = await trainer.facts({ signal })
      const measured = { student: student.path, dataset, recipe: { ...recipeFor(recipe, []), ...templateOf(chat) } }
      const { datasetHash } = training
      const perplexity = perplexityRows > 0 ? await perplexityOf({ datasetHash, measured, signal }) : undefined
      const embedding = embedder ? await diversityOf({ datasetHash, of: embedder, rows, signal }) : undefined
      const trained = { ...recipeFor(recipe, trainer.recipeKeys), ...templateOf(chat) }
      const request = { ...measured, recipe: trained, seed: training.seed, out: folder, halvings }
      // Another program needs the memory that the student has in the project's own.
      if (!before && facts.name !== ownRuntime) await runtime.release({ signal })
      const result =
        before ??
        (await trainer.train(request, {
          signal,
          onProgress: ({ step, steps, loss, tokens_per_s, eta_s }) =>
            onProgress('train', step, steps, { loss, tokensPerSecond: tokens_per_s, etaSeconds: eta_s }),
        }))
      await writeWhole(join(folder, finishedName), JSON.stringify(result))
      const record: TrainingRecord = {
        jobHash,
        adapter: await upload(bus, result.adapter, result.sha256, jobHash),
        summary: {
          rows: result.rows,
          leftOut: result.left_out,
          steps: result.steps,
          tokens: result.tokens,
          seconds: result.seconds,
          tokensPerSecond: result.tokens_per_s,
          lossCurve: result.loss_curve,
          ...(perplexity && { perplexity }),
          ...(embedding && { embedding }),
          ...(result.halvings > 0 && { halvings: result.halvings }),
          device: facts.device,
          runtime: RuntimeIdentity.parse(facts),
          versions: facts.versions,
        },
      }
      await records.put(jobHash, record)
      await Promise.all([dataset, join(folder, finishedName)].map((path) => rm(path, { force: true })))
      return { ...record, reused: false }
    },
  }
}

const finishedName = 'finished.json'

/** What a training of this folder gave, where it came to its end and its adapter is whole. */
async function finishedIn(folder: string): Promise<TrainResult | null> {
  const read = TrainResult.safeParse(jsonOrNull(await readFile(join(folder, finishedName), 'utf8').catch(() => '')))
  if (!read.success) return null
  const names = (await readdir(read.data.adapter).catch(() => [])).sort()
  const parts = await Promise.all(
    names.map(async (name) => `${name}\0${await sha256OfFile(join(read.data.adapter, name))}`),
  )
  return sha256(parts.join('')) === read.data.sha256 ? read.data : null
}

async function upload(bus: Bus, folder: string, adapterSha256: string, jobHash: string): Promise<Adapter> {
  const names = (await readdir(folder)).sort()
  const files: Adapter['files'] = []
  for (const name of names) {
    files.push({
      name,
      object: await bus.objects.put('LAB', `adapter/${jobHash}/${name}`, await readFile(join(folder, name))),
    })
  }
  return { sha256: adapterSha256, files }
}

/** The adapter's folder on this machine; a file that is missing, or is not what was trained, is fetched from the bus. */
export async function adapterFolder(bus: Bus, scratch: string, jobHash: string, adapter: Adapter): Promise<string> {
  const folder = join(scratch, jobHash, 'adapter')
  await mkdir(folder, { recursive: true })
  for (const { name, object } of adapter.files) {
    const path = join(folder, name)
    if ((await sha256OfFile(path).catch(() => null)) === object.sha256) continue
    const partial = `${path}.${randomUUID()}`
    await writeFile(partial, await bus.objects.get(object))
    await putInPlace(partial, path)
  }
  return folder
}
