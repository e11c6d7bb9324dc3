/**
 * The process entry of a plug-in's code: `worker.ts <file>`. It holds no credentials and, unless the topology trusts the plug-in, may read
 * nothing but code. It loads the file, says what that declares, and then does what it is asked on standard input.
 */
import { writeSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { type CodeFaultKind, codeDescriptor, type FromCode, type ToCode } from './channel.ts'
import { type AgentDefinition, type AgentServices, isDefinition } from './definition.ts'

// What user code may replace later is held now.
const { stringify, parse } = JSON
const sdk = import.meta.resolve('./mod.ts')
const names = /^(@syllabus-lab\/)?syllabus\/agent$/
registerHooks({
  resolve: (specifier, context, next) =>
    names.test(specifier) ? { url: sdk, shortCircuit: true } : next(specifier, context),
})

function send(message: FromCode): void {
  const line = Buffer.from(`${stringify(message)}\n`)
  for (let at = 0; at < line.length; ) {
    try {
      at += writeSync(codeDescriptor, line, at)
    } catch (error) {
      // A pipe that is full for now.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') process.exit(1)
    }
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** What was refused by the permissions of this process; undefined for any other error. */
function deniedBy(error: unknown): string | undefined {
  for (let each = error; each instanceof Error; each = each.cause) {
    const { code, permission, resource } = each as NodeJS.ErrnoException & { permission?: string; resource?: string }
    if (code === 'ERR_ACCESS_DENIED') return `${permission ?? 'access'} ${resource ?? ''}`.trim()
  }
  return undefined
}

/** The place in the file that an error of its text names, on one line. */
const placeOf = (error: unknown): string =>
  /^(.*:\d+)\n/.exec(error instanceof Error ? (error.stack ?? '') : '')?.[1]?.replace(/^file:\/\//, '') ?? ''

/** The first place of a stack that is in a file of the plug-in's. */
const frameOf = (error: unknown): string =>
  /\bfile:\/\/(\/[^\s()]+:\d+):\d+/.exec(error instanceof Error ? (error.stack ?? '') : '')?.[1] ?? ''

function failureOf(error: unknown): { kind: CodeFaultKind; reason: string } {
  const { code = '', name } = error as NodeJS.ErrnoException
  const denied = deniedBy(error)
  if (denied !== undefined) return { kind: 'denied', reason: denied }
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') {
    const [, missing] = /Cannot find package '([^']+)'/.exec(reasonOf(error)) ?? []
    return { kind: missing ? 'missing-package' : 'missing-file', reason: missing ?? reasonOf(error) }
  }
  if (
    name === 'SyntaxError' ||
    code.startsWith('ERR_INVALID_TYPESCRIPT') ||
    code.startsWith('ERR_UNSUPPORTED_TYPESCRIPT')
  )
    return { kind: 'parse', reason: [placeOf(error), reasonOf(error).split('\n')[0]].filter(Boolean).join(': ') }
  return { kind: 'throws', reason: [reasonOf(error), frameOf(error)].filter(Boolean).join(' at ') }
}

function fail(failure: { kind: CodeFaultKind; reason: string }): never {
  send({ is: 'failed', ...failure })
  process.exit(2)
}

/** What the code prints while it is loaded, its beginning. */
let printed = ''
const write = process.stdout.write
process.stdout.write = ((chunk: string | Uint8Array, ...rest: never[]) => {
  if (printed.length < 200) printed += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
  return write.call(process.stdout, chunk, ...rest)
}) as typeof write

async function load(file: string): Promise<AgentDefinition> {
  const exported = await import(pathToFileURL(file).href).catch((error: unknown) => fail(failureOf(error)))
  const found = [...new Set(Object.values(exported as object).filter(isDefinition))]
  if (found.length === 1) return found[0]!
  const others = Object.keys(exported as object)
  const what = found.length > 1 ? `it exports ${found.length} agents` : 'it exports no agent'
  return fail({
    kind: 'exports',
    reason: `${what}${others.length > 0 ? `; its exports are ${others.join(', ')}` : ''}`,
  })
}

const definition = await load(process.argv[2]!)
send({ is: 'declared', declaration: definition.declaration, printed })

const shared = new Map<string, unknown>()
const calls = new Map<number, AbortController>()
const asked = new Map<number, PromiseWithResolvers<unknown>>()
let asks = 0
let opened: Record<string, (input: object, services: object) => unknown> = {}
const stopping = new AbortController()

const log = Object.fromEntries(
  (['info', 'warn', 'error'] as const).map((level) => [
    level,
    (text: string) => send({ is: 'log', level, text: String(text) }),
  ]),
) as AgentServices['log']

/** A service of the process that holds the credentials. */
const ask =
  (of: number, service: string) =>
  (...args: readonly unknown[]): Promise<unknown> => {
    const waiting = Promise.withResolvers<unknown>()
    asks += 1
    asked.set(asks, waiting)
    send({ is: 'ask', id: asks, of, service, args })
    return waiting.promise
  }

async function call({ id, method, input, shared: places }: Extract<ToCode, { do: 'call' }>): Promise<void> {
  const controller = new AbortController()
  calls.set(id, controller)
  const { signal } = controller
  const values = Object.fromEntries(Object.entries(places).map(([name, key]) => [name, shared.get(key)]))
  const [progress, tried] = [ask(id, 'progress'), ask(id, 'tried')]
  const services = {
    call: ask(id, 'call'),
    sandbox: ask(id, 'sandbox'),
    tried,
    progress: (...args: string[]) => void progress(...args).catch(() => {}),
    signal,
  }
  try {
    const act = opened[method]
    if (typeof act !== 'function') throw new Error(`what open gives has no ${method}`)
    send({ is: 'result', id, value: await act.call(opened, { ...input, ...values }, services) })
  } catch (error) {
    const denied = deniedBy(error)
    send({ is: 'error', id, reason: reasonOf(error), ...(denied !== undefined && { denied }) })
  } finally {
    calls.delete(id)
  }
}

async function open({ identity, options }: Extract<ToCode, { do: 'open' }>): Promise<void> {
  try {
    opened = (await definition.open({ identity, options, log, signal: stopping.signal })) as typeof opened
    if (typeof opened !== 'object' || opened === null) throw new Error('open gives no object')
    send({ is: 'opened' })
  } catch (error) {
    const failure = failureOf(error)
    fail(failure.kind === 'throws' ? { kind: 'open', reason: failure.reason } : failure)
  }
}

const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => {
  const message = parse(line) as ToCode
  if (message.do === 'open') void open(message)
  else if (message.do === 'call') void call(message)
  else if (message.do === 'share') shared.set(message.key, message.value)
  else if (message.do === 'abort') calls.get(message.id)?.abort()
  else if (message.do === 'stop') stopping.abort()
  else {
    const waiting = asked.get(message.id)
    asked.delete(message.id)
    if (message.error === undefined) waiting?.resolve(message.value)
    else waiting?.reject(new Error(message.error))
  }
})
// Whoever started this process is gone.
lines.on('close', () => process.exit())
process.on('unhandledRejection', (error) => log.error(`a promise that nobody awaits failed: ${reasonOf(error)}`))
