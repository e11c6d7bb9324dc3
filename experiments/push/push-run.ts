import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bus } from '../../bus/mod.ts'
import type { Reporter } from '../../launcher/console/reporter.ts'
import { textTable } from '../../launcher/console/terminal.ts'
import { withBus } from '../../launcher/with-bus.ts'
import { homeFolder, runsFolder } from '../../machine/folders.ts'
import { baseOfChoice } from '../../models/export/base.ts'
import { exportModel, type ModelPart } from '../../models/export/export-model.ts'
import type { GgufType } from '../../models/export/gguf.ts'
import { cardName } from '../../models/export/part-folder.ts'
import { latestModel } from '../../models/serve-models.ts'
import { modelsOfRun } from '../../models/trained-models.ts'
import { plural } from '../../schemas/number-text.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { type ExportPart, exportRun } from '../export/export-run.ts'
import { layouts } from '../export/layouts.ts'
import { anyRunId } from '../run/pick-run.ts'
import { openHub } from './hub.ts'
import { type OutgoingFile, pushFiles, sizeText } from './push-files.ts'
export type PushRun = {
  /** Left out: the only run that there is. */
  runId?: string | undefined
  /** `org/name`. */
  to: string
  what: ExportPart
  /** Left out: the latest. */
  model?: string
  /** How an adapter names its base; left out: as the hub does. */
  base?: string
  gguf: readonly GgufType[]
  private: boolean
  replace: boolean
  dryRun: boolean
  signal: AbortSignal
}

/** Where each part lies in the repository; of `all`, the merged model is at its top, where it loads by the repository's name. */
const placesOf: Readonly<Record<Exclude<ExportPart, 'dataset'>, Partial<Record<ModelPart, string>>>> = {
  adapter: { adapter: '' },
  merged: { merged: '' },
  gguf: { gguf: '' },
  card: { card: '' },
  all: { merged: '', adapter: 'adapter/', gguf: 'gguf/' },
}

/**
 * Puts what is wanted of a run on a hub. Says first which files leave the machine, and what they hold; with `dryRun` nothing more.
 * @throws UsageError for a run, model or base that cannot be pushed; HubError when the hub refuses or cannot be reached
 */
export async function pushRun(request: PushRun, env: NodeJS.ProcessEnv, reporter: Reporter): Promise<void> {
  const { runId: _run, to, what, dryRun, signal, ...choices } = request
  const hub = openHub(env, { needsToken: !dryRun, signal })
  const { files, title } = await withBus((bus) => outgoing(bus, request, reporter), { signal })
  const kind = what === 'dataset' ? ('dataset' as const) : ('model' as const)
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const readers = choices.private ? 'private' : 'public, unless the organisation makes its repositories private'
  reporter.line(
    `${dryRun ? 'Would leave' : 'Leaves'} this machine for the ${kind} repository ${to} at ${hub.url} (${readers}):`,
  )
  reporter.line(textTable(files.map(({ path, bytes, holds }) => ({ file: path, size: sizeText(bytes), holds }))))
  reporter.line(`${files.length} ${plural(files.length, 'file')}, ${sizeText(bytes)}; nothing else is sent`)
  reporter.json({ type: 'outgoing', to, kind, hub: hub.url, private: choices.private, bytes, files: files.map(shown) })
  if (dryRun) return reporter.line('nothing was sent: --dry-run')
  const pushed = await pushFiles(hub, { to, kind, files, title, signal, ...choices }, reporter)
  const before = files.length - pushed.sent.length
  reporter.line(
    `${pushed.sent.length} ${plural(pushed.sent.length, 'file')} sent${before > 0 ? `, ${before} ${plural(before, 'was', 'were')} there` : ''}: ${pushed.url}`,
  )
  reporter.json({ type: 'pushed', ...pushed })
}

const shown = ({ path, bytes, holds }: OutgoingFile) => ({ path, bytes, holds })

/** Exports what is wanted into a folder of the run's, which a later push of the same finds again. */
async function outgoing(
  bus: Bus,
  { runId: asked, what, model: named, base, gguf, signal }: PushRun,
  reporter: Reporter,
): Promise<{ files: OutgoingFile[]; title: string }> {
  const runId = await anyRunId(bus, asked)
  const run = await modelsOfRun(bus, runId)
  const model = named ?? latestModel(run)
  const title = `${model} of run ${runId}: ${what}`
  const folder = join(runsFolder(), runId, 'push', model)
  const plan = { runId, model, gguf, type: 'base', maxShard: '5GB', signal } as const
  if (what === 'dataset') {
    const [out, format] = [join(folder, 'dataset'), 'parquet'] as const
    await exportRun(bus, { ...plan, what, out, format, provenance: true }, reporter)
    const names = [cardName, layouts[format].file, 'dataset_info.json']
    return { files: await Promise.all(names.map((name) => fileIn(out, name, ''))), title }
  }
  const places = placesOf[what]
  const as = 'adapter' in places ? await publicBase(run.config.student ?? 'embedded', base) : base
  // An adapter that names another base is another export.
  const folderOf = (part: string) =>
    join(folder, part === 'adapter' && as ? `adapter-of-${as.replaceAll(/[^\w.-]+/g, '-')}` : part)
  const parts = Object.fromEntries(Object.keys(places).map((part) => [part, folderOf(part)]))
  const exported = await exportModel(bus, { ...plan, parts, ...(as && { base: as }), home: homeFolder() }, reporter)
  const files = exported.parts.flatMap(({ part, folder: at, files }) =>
    [...new Set([cardName, ...Object.keys(files)])].map((name) => fileIn(at, name, places[part] ?? '')),
  )
  return { files: await Promise.all(files), title }
}

/** The base as others find it. @throws UsageError for one that only this machine has */
async function publicBase(choice: string, named: string | undefined): Promise<string> {
  const { hubName } = await baseOfChoice(choice, homeFolder(), named)
  if (hubName !== null) return named ?? hubName
  throw new UsageError(
    `The base ${named ?? choice} is a folder of this machine: for others the adapter has no base.`,
    'Name the base as the hub does: --base org/model. Or push the whole model: --what merged.',
  )
}

const fileIn = async (folder: string, name: string, place: string): Promise<OutgoingFile> => {
  const file = join(folder, name)
  return { path: `${place}${name}`, file, bytes: (await stat(file)).size, holds: contentOf(name) }
}

const contents: readonly (readonly [RegExp, string])[] = [
  [/^README\.md$/, 'the card: the task, what was measured, where it comes from'],
  [/^adapter_model\./, 'weights of the adapter'],
  [/^adapter_config\./, 'which layers of which base the adapter changes'],
  [/\.gguf$/, 'all weights, for llama.cpp and its kin'],
  [/\.safetensors$/, 'weights of the base with the adapter in them'],
  [/\.safetensors\.index\.json$/, 'which file holds which weights'],
  [/token|vocab|merges|chat_template|\.model$/, 'the base’s tokenizer and chat template'],
  [/^dataset_info\.json$/, 'names of the columns'],
  [/\.parquet$/, 'the training rows: questions, answers, where each comes from'],
  [/config\.json$/, 'shape of the model, and how it is decoded'],
]

const contentOf = (name: string): string => contents.find(([names]) => names.test(name))?.[1] ?? 'a file of the export'
