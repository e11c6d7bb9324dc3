import { mkdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { memo } from '../../agents/kit/cache.ts'
import type { Bus } from '../../bus/mod.ts'
import { reportOf } from '../../evidence/report/mod.ts'
import type { ReportData } from '../../evidence/report/report-data.ts'
import { reportSourcesOf } from '../../evidence/run-report.ts'
import { explained } from '../../machine/faults.ts'
import { provisionConverter, provisionRuntime } from '../../provision/mod.ts'
import { stageFile } from '../../tasks/staged-file.ts'
import type { Student } from '../../trainer-bridge/job.ts'
import {
  baseOfRun,
  folderOfAdapter,
  modelsOfRun,
  type RunModels,
  type TrainedModel,
  trainedModelNamed,
} from '../trained-models.ts'
import { baseIn, configName, putAdapter } from './adapter.ts'
import { type Base, baseOfChoice, licenceIn } from './base.ts'
import { type CardOf, type CardRequest, modelCard } from './card.ts'
import { type GgufType, putGguf } from './gguf.ts'
import { type MergedType, putMerged, type StepProgress } from './merged.ts'
import { addFile, type Files, type Key, keepOrMake, putCard, writtenBefore } from './part-folder.ts'

/** What can be had of a trained model. */
export const modelParts = ['adapter', 'merged', 'gguf', 'card'] as const
export type ModelPart = (typeof modelParts)[number]

export type ExportModel = {
  runId: string
  /** `final`, `control`, `attempt-2`, `final-s2` … */
  model: string
  /** Each part with its folder. */
  parts: Partial<Record<ModelPart, string>>
  /** How the adapter is to name its base; left out: as the hub does, or without this machine's folders. */
  base?: string
  /** Left out: merged weights as the base's; GGUF files from float32, so that they are rounded once. */
  type?: MergedType
  maxShard: string
  gguf: readonly GgufType[]
  home: string
  signal: AbortSignal
}

export type ExportedPart = { part: ModelPart; folder: string; files: Files; kept: boolean }
export type ExportedModel = { run: string; model: string; adapterHash: string; parts: ExportedPart[] }

/**
 * Writes what is wanted of a trained model, each part in a folder of its own with its card. What is there already, whole, is kept.
 * @throws UsageError, MachineError, SetupError with what helps; the parts that were written before it stay
 */
export async function exportModel(bus: Bus, request: ExportModel, reporter: StepProgress): Promise<ExportedModel> {
  const { parts, home, signal } = request
  const run = await modelsOfRun(bus, request.runId)
  const model = trainedModelNamed(run, request.model)
  const trained = await folderOfAdapter(bus, join(home, 'trainer'), model)
  const base = await baseOfChoice(run.config.student ?? 'embedded', home, request.base)
  const data = await reportOf(await reportSourcesOf(bus, request.runId))
  const prepare = memo(() => prepareBase(run, request, reporter), String)
  const context: Context = { request, reporter, run, model, trained, base, data, prepare: () => prepare('') }
  const written: ExportedPart[] = []
  try {
    for (const [part, write] of Object.entries(writers) as [ModelPart, Writer][]) {
      const folder = parts[part]
      if (folder !== undefined) written.push({ part, folder, ...(await write(context, folder)) })
    }
  } catch (error) {
    signal.throwIfAborted()
    throw explained(error, 'The export cannot be written', Object.values(parts)[0] ?? '.')
  }
  return { run: request.runId, model: model.name, adapterHash: model.adapter.sha256, parts: written }
}

type Context = {
  request: ExportModel
  reporter: StepProgress
  run: RunModels
  model: TrainedModel
  /** The folder with the adapter as it was trained. */
  trained: string
  base: Base
  data: ReportData
  /** The runtime and the base on this machine, fetched where they were not there: once, and only where they are needed. */
  prepare(): Promise<Prepared>
}
type Prepared = { python: string; student: Student; licence: string | null }

type Writer = (context: Context, folder: string) => Promise<{ files: Files; kept: boolean }>

async function prepareBase(run: RunModels, { home, signal }: ExportModel, { line }: StepProgress): Promise<Prepared> {
  const setup = { home, onProgress: line, signal }
  const { python } = await provisionRuntime(setup)
  const student = await baseOfRun(run, { ...setup, python })
  return { python, student, licence: await licenceIn(student.path) }
}

/** What decides the bytes of a part, beside what the part itself adds. */
const keyOf = ({ model, run }: Context, part: ModelPart, more: Key): Key => ({
  part,
  run: run.config.runId,
  model: model.name,
  adapter: model.adapter.sha256,
  base: model.studentHash ?? model.student,
  ...more,
})

const cardOf = (
  { data, base, model }: Context,
  of: CardOf,
  files: readonly string[],
  licence = base.licence,
  more: Partial<Pick<CardRequest, 'at' | 'type'>> = {},
): string =>
  modelCard(data, {
    model: model.name,
    base: { ...base, licence: base.licence ?? licence },
    of,
    files,
    at: '.',
    ...more,
  })

/** In the order in which they are written: what takes long comes last. */
const writers: Readonly<Record<ModelPart, Writer>> = {
  async adapter(context, folder) {
    const { trained, model, base } = context
    const config = await readFile(join(trained, configName), 'utf8')
    // With these values in place of its own, the folder's configuration is the one whose hash the log has.
    const key = keyOf(context, 'adapter', { base: base.reference, trainedWith: baseIn(config) })
    const part = await keepOrMake(folder, key, (staging) => putAdapter(trained, model.adapter, base.reference, staging))
    await putCard(folder, cardOf(context, 'adapter', Object.keys(part.files)))
    return part
  },

  async card(context, folder) {
    const at = relative(folder, context.request.parts.adapter ?? folder)
    await putCard(folder, cardOf(context, 'adapter', [], context.base.licence, { at: at || '.' }))
    return { files: {}, kept: false }
  },

  async merged(context, folder) {
    const { type = 'base', maxShard } = context.request
    const key = keyOf(context, 'merged', { type, maxShard })
    const part = await keepOrMake(folder, key, (staging) => merge(context, type, staging))
    await putCard(
      folder,
      cardOf(context, 'merged', Object.keys(part.files), await licenceOf(context, folder, part), { type }),
    )
    return part
  },

  async gguf(context, folder) {
    const { request, run, model, reporter } = context
    const { home, signal, parts, type = 'float32' } = request
    const key = keyOf(context, 'gguf', { type })
    const name = `${run.task.id}-${model.name}`
    const nameOf = (type: GgufType) => `${name}-${type}.gguf`
    let { files } = await writtenBefore(folder, key)
    const missing = request.gguf.filter((type) => !(nameOf(type) in files))
    if (missing.length > 0) {
      const { python } = await context.prepare()
      const converter = await provisionConverter({ home, python, onProgress: reporter.line, signal })
      // Merged weights are there for as long as they are converted, but where those that are wanted are the same.
      const wanted = request.type === type ? parts.merged : undefined
      await using scratch = wanted === undefined ? await stageFile(join(folder, 'merged')) : null
      // The converter reads names from that of the folder, too.
      const merged = wanted ?? join(scratch!.path, name)
      if (scratch) {
        await mkdir(merged, { recursive: true, mode: 0o700 })
        await merge(context, type, merged)
      }
      for (const type of missing) {
        files = await addFile(folder, key, files, nameOf(type), (path) =>
          putGguf({ python, converter, merged, name, signal }, type, path, reporter),
        )
      }
    }
    const part = { files, kept: missing.length === 0 }
    await putCard(folder, cardOf(context, 'gguf', request.gguf.map(nameOf), await licenceOf(context, folder, part)))
    return part
  },
}

/** The base's licence; of what was kept, the one that its card says, so that no base is fetched for it. */
const licenceOf = async (context: Context, folder: string, { kept }: { kept: boolean }): Promise<string | null> =>
  context.base.licence ?? (kept ? await licenceIn(folder) : (await context.prepare()).licence)

async function merge(
  { request, trained, reporter, prepare }: Context,
  type: MergedType,
  staging: string,
): Promise<void> {
  const { maxShard, signal } = request
  const { python, student } = await prepare()
  await putMerged({ python, base: student, adapter: trained, type, maxShard, signal }, staging, reporter)
}
