import { spawn } from 'node:child_process'
import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { fileURLToPath } from 'node:url'
import { tie } from '../../machine/tied-child.ts'
import type { LocalPlugin } from '../../schemas/plugin.ts'
import type { PluginLimits } from '../../schemas/session-limits.ts'
import { codeDescriptor, type FromCode, type ToCode } from './channel.ts'
import { type PythonCommand, pythonCommandOf } from './python-command.ts'

const worker = fileURLToPath(new URL('worker.ts', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** What a process begins with; nothing of it is a secret. */
const handed = /^(PATH|HOME|LANG|TZ|TMPDIR|LC_.*|LD_.*|SSL_.*)$/

/** The `node_modules` that a file of this folder imports from. */
export function packageFolders(folder: string): string[] {
  const here = join(folder, 'node_modules')
  const up = dirname(folder)
  // Where one is a link, Node reads what it leads to.
  return [...(existsSync(here) ? [here, realpathSync(here)] : []), ...(up === folder ? [] : packageFolders(up))]
}

/** Files of this program that the SDK loads: code, and no data of a task. */
function programReads(): string[] {
  const tasks = join(root, 'tasks')
  const entries = readdirSync(tasks, { withFileTypes: true }).flatMap((entry) => {
    const path = join(tasks, entry.name)
    if (!entry.isDirectory() || !existsSync(join(path, 'task.yaml'))) return [path]
    return existsSync(join(path, 'procedure')) ? [join(path, 'procedure')] : []
  })
  const rooms = ['agents', 'schemas', 'machine', 'package.json'].map((name) => join(root, name))
  return [...rooms, ...entries, ...packageFolders(root)]
}

let program: string[] | undefined

/**
 * The command that runs a plug-in's code: in TypeScript with the permissions of a file that may read code alone, unless it is trusted.
 * Python has no such permissions.
 */
function commandOf({ entry, reads, trusted, language }: CodeFile, { memoryMb }: PluginLimits): PythonCommand {
  if (language === 'python') return pythonCommandOf('answer', entry)
  program ??= programReads()
  const allowed = [...program, ...reads].map((path) => `--allow-fs-read=${path}`)
  const permissions = trusted ? [] : ['--permission', ...allowed]
  const options = [`--max-old-space-size=${memoryMb}`, '--disable-warning=ExperimentalWarning']
  return { command: process.execPath, args: [...options, ...permissions, worker, entry], env: {} }
}

export type CodeFile = Pick<LocalPlugin, 'entry' | 'reads' | 'trusted' | 'language'>

/** A process that runs a plug-in's code. */
export type CodeProcess = {
  send(message: ToCode): void
  /** Kills it; `why` is how it then ended. */
  kill(why: string): void
  /** How it ended, in words that follow "its process". Never rejects. */
  readonly ended: Promise<string>
}

/** Starts one. `onText` takes what it prints; `onMessage` each line of its descriptor. A line that is none, or too long, is its end. */
export function startCode(
  file: CodeFile,
  limits: PluginLimits,
  { onMessage, onText }: { onMessage: (message: FromCode) => void; onText: (text: string) => void },
): CodeProcess {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => handed.test(name)))
  const { command, args, env: own } = commandOf(file, limits)
  const child = spawn(command, args, {
    env: { ...env, ...own },
    cwd: isAbsolute(file.entry) ? dirname(file.entry) : undefined,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  })
  tie(child, { group: false })
  const ended = Promise.withResolvers<string>()
  let why: string | undefined
  const kill = (reason: string) => {
    why ??= reason
    child.kill('SIGKILL')
  }
  child.once('error', (error) => ended.resolve(`could not be started: ${error.message}`))
  child.once('close', (code, signal) => ended.resolve(why ?? `ended with ${signal ?? `exit code ${code}`}`))
  child.stdin.on('error', () => {})
  for (const stream of [child.stdout, child.stderr])
    stream
      .on('error', () => {})
      .setEncoding('utf8')
      .on('data', onText)
  readLines(child.stdio[codeDescriptor] as Readable, limits.replyBytes, {
    onLine(line) {
      if (why !== undefined) return
      const message = messageIn(line)
      if (message) onMessage(message)
      else kill('was ended: it wrote something else than messages to its descriptor')
    },
    onTooLong: () => kill(`was ended: it answered with more than ${limits.replyBytes} bytes (plugins.replyBytes)`),
  })
  return { send: (message) => void child.stdin.write(`${JSON.stringify(message)}\n`), kill, ended: ended.promise }
}

function messageIn(line: string): FromCode | null {
  try {
    const value = JSON.parse(line)
    return typeof value === 'object' && value !== null && typeof value.is === 'string' ? value : null
  } catch {
    return null
  }
}

/** Hands on each line of a stream; once one is longer than `mostBytes` nothing more is read. */
function readLines(
  stream: Readable,
  mostBytes: number,
  { onLine, onTooLong }: { onLine: (line: string) => void; onTooLong: () => void },
): void {
  const decoder = new StringDecoder('utf8')
  let pieces: string[] = []
  let held = 0
  const take = (piece: Buffer) => {
    const [first, ...rest] = decoder.write(piece).split('\n')
    pieces.push(first!)
    held += piece.length
    for (const next of rest) {
      onLine(pieces.join(''))
      pieces = [next]
      held = Buffer.byteLength(next)
    }
    if (held <= mostBytes) return
    stream.off('data', take).destroy()
    pieces = []
    onTooLong()
  }
  stream.on('error', () => {}).on('data', take)
}
