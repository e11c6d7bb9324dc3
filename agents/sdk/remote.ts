import { describePlugin, type LocalPlugin } from '../../schemas/plugin.ts'
import type { AgentRole } from '../../schemas/role.ts'
import type { PluginLimits } from '../../schemas/session-limits.ts'
import { reasonOf, UsageError } from '../../schemas/user-error.ts'
import type { FromCode } from './channel.ts'
import { type CodeProcess, startCode } from './code-process.ts'
import { type AgentDefinition, type AgentServices, definitionMark, type WorkServices } from './definition.ts'

/** A plug-in did not do a piece of work: what it was asked fails, and nothing else. */
export class PluginFault extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'PluginFault'
  }
}

/** Where it is reported that a plug-in was refused or bounded: in the presence of its process. Null: nothing keeps it any more. */
export type OnFault = (text: string, fix: string) => void

type Waiting = {
  result: PromiseWithResolvers<unknown>
  services: Partial<WorkServices>
  /** Services that it waits for: meanwhile its clock stands. */
  asks: number
  since: number
  usedMs: number
}

type Running = { code: CodeProcess; opened: Promise<void>; shared: Set<string>; waiting: Map<number, Waiting> }

const lookMs = 250
const minuteMs = 60_000

/**
 * The definition of a plug-in whose code runs in a process of its own, without credentials.
 * X1  What the code needs of the bus or of a model it is given by services, which count and bound it.
 * X2  A piece of work that takes longer than `callMs` without waiting for a service, or answers with more than `replyBytes`, costs the
 *     process its life and is tried again `tries` times in all; then it fails with the reason. The same of a process that dies.
 * X3  What the code throws fails that piece at once.
 * X4  What it prints or logs goes to the log, up to `logBytes` a minute.
 */
export function remoteDefinition<Role extends AgentRole>(
  plugin: LocalPlugin & { role: Role },
  limits: PluginLimits,
  onFault: OnFault,
): AgentDefinition<Role> & AsyncDisposable {
  const named = describePlugin(plugin)
  let running: Promise<Running> | undefined
  let isOver = false
  let nextId = 0

  async function start(services: AgentServices): Promise<Running> {
    const log = boundedLog(services.log, limits.logBytes, () =>
      onFault(
        `${named} writes more than ${limits.logBytes} bytes a minute into the log: the rest is dropped`,
        'Have it log less, or raise plugins.logBytes in the topology.',
      ),
    )
    const ready = Promise.withResolvers<void>()
    ready.promise.catch(() => {})
    const waiting: Running['waiting'] = new Map()
    const code = startCode(plugin, limits, {
      onText: (text) => log.info(text.trimEnd()),
      onMessage: (message) => take(message, { waiting, code: () => code, ready, log }),
    })
    const slow = setTimeout(
      () => code.kill(`was ended: it was not ready within ${limits.startMs / 1000} s (plugins.startMs)`),
      limits.startMs,
    )
    const watch = setInterval(() => endHanging(waiting, code, limits), lookMs).unref()
    const { identity, options, signal } = services
    signal.addEventListener('abort', () => code.send({ do: 'stop' }), { once: true })
    void code.ended.then((how) => {
      clearInterval(watch)
      clearTimeout(slow)
      running = undefined
      ready.reject(new Died(`its process ${how}`))
      for (const { result } of waiting.values()) result.reject(new PluginFault(`its process ${how}`))
    })
    code.send({ do: 'open', identity, options })
    await ready.promise
    clearTimeout(slow)
    return { code, opened: ready.promise, shared: new Set(), waiting }
  }

  /** Calls a method of what the code opened. `shared`: fields of the input that are sent once a process, by their keys. */
  async function callOnce(services: AgentServices, method: string, input: Shareable, given: Partial<WorkServices>) {
    running ??= start(services)
    const { code, shared, waiting } = await running
    const places: Record<string, string> = {}
    const { [sharedKeys]: keys = {}, ...plain } = input
    for (const [field, key] of Object.entries(keys)) {
      if (!shared.has(key)) code.send({ do: 'share', key, value: plain[field] })
      shared.add(key)
      places[field] = key
      delete plain[field]
    }
    nextId += 1
    const id = nextId
    const result = Promise.withResolvers<unknown>()
    const { signal } = given
    const onAbort = () => {
      code.send({ do: 'abort', id })
      result.reject(signal?.reason)
    }
    if (signal?.aborted) onAbort()
    signal?.addEventListener('abort', onAbort, { once: true })
    waiting.set(id, { result, services: given, asks: 0, since: performance.now(), usedMs: 0 })
    code.send({ do: 'call', id, method, input: plain, shared: places })
    try {
      return await result.promise
    } finally {
      signal?.removeEventListener('abort', onAbort)
      waiting.delete(id)
    }
  }

  async function call(services: AgentServices, method: string, input: Shareable, given: Partial<WorkServices>) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await callOnce(services, method, input, given)
      } catch (error) {
        if (!(error instanceof PluginFault) || given.signal?.aborted || isOver) throw error
        if (error instanceof Thrown || attempt >= limits.tries) {
          onFault(
            `${named}: ${error.message}`,
            `See its code, or the log; what it was asked is given up. ${fixOf(error, plugin)}`,
          )
          throw new PluginFault(`the plug-in ${named}: ${error.message}`)
        }
      }
    }
  }

  return {
    [definitionMark]: true,
    declaration: plugin,
    async open(services) {
      for (let attempt = 1; ; attempt++) {
        running = start(services)
        const error = await running.then(
          () => null,
          (thrown: unknown) => thrown,
        )
        if (error === null) break
        // One that somebody killed is started again.
        if (error instanceof Died && attempt < limits.tries) continue
        throw new UsageError(
          `The ${plugin.role} ${named} does not start: ${reasonOf(error)}`,
          `Correct its open function, or its options under agents.${plugin.role}.options.`,
        )
      }
      return new Proxy(
        {},
        {
          // What is asked of it is a method of its role; anything else, such as `then`, it does not have.
          get: (_, method) =>
            typeof method === 'string' && method !== 'then'
              ? (input: Shareable, given: Partial<WorkServices>) => call(services, method, input, given)
              : undefined,
        },
      )
    },
    async [Symbol.asyncDispose]() {
      isOver = true
      const last = await running?.catch(() => undefined)
      last?.code.kill('was ended')
      await last?.code.ended
    },
  }
}

/** Names, in an input, the fields that are the same in many inputs, each with a key of its value. */
export const sharedKeys: unique symbol = Symbol('shared')
type Shareable = Record<string, unknown> & { [sharedKeys]?: Readonly<Record<string, string>> }

/** Its process ended while it was made ready. */
class Died extends PluginFault {}

/** What the code threw: it would throw it again. */
class Thrown extends PluginFault {
  readonly denied: string | undefined

  constructor(reason: string, denied?: string) {
    super(reason)
    this.denied = denied
  }
}

const fixOf = (error: PluginFault, { role }: LocalPlugin): string =>
  error instanceof Thrown && error.denied !== undefined
    ? `It may read its own code alone: name what else it may read under agents.${role}.reads, or write trusted: true if you trust it.`
    : ''

type Taking = {
  waiting: Running['waiting']
  code: () => CodeProcess
  ready: PromiseWithResolvers<void>
  log: AgentServices['log']
}

function take(message: FromCode, { waiting, code, ready, log }: Taking): void {
  if (message.is === 'failed') ready.reject(new PluginFault(String(message.reason)))
  else if (message.is === 'opened') ready.resolve()
  else if (message.is === 'result') {
    waiting.get(message.id)?.result.resolve(message.value)
    // One thread works for all of them: what waited for this one was not late.
    for (const each of waiting.values()) Object.assign(each, { usedMs: 0, since: performance.now() })
  } else if (message.is === 'error') {
    const { id, reason, denied } = message
    const text = denied === undefined ? String(reason) : `it was refused ${denied}`
    waiting.get(id)?.result.reject(new Thrown(text.slice(0, longestReason), denied))
  } else if (message.is === 'ask') void answer(message, waiting.get(message.of), code())
  else if (message.is === 'log') log[message.level]?.(String(message.text))
}

const longestReason = 1000

async function answer(
  { id, service, args }: Extract<FromCode, { is: 'ask' }>,
  waiting: Waiting | undefined,
  code: CodeProcess,
): Promise<void> {
  // What belongs to no piece of work in hand is not done.
  if (!waiting) return code.send({ do: 'answer', id, error: 'this piece of work is over' })
  const services = waiting.services as Record<string, ((...args: readonly unknown[]) => unknown) | undefined>
  pause(waiting)
  try {
    const act = ['call', 'sandbox', 'progress', 'tried'].includes(service) ? services[service] : undefined
    if (!act) throw new Error(`there is no service ${service} for this agent`)
    code.send({ do: 'answer', id, value: await act(...args) })
  } catch (error) {
    code.send({ do: 'answer', id, error: reasonOf(error) })
  } finally {
    goOn(waiting)
  }
}

function pause(waiting: Waiting): void {
  if (waiting.asks === 0) waiting.usedMs += performance.now() - waiting.since
  waiting.asks += 1
}

function goOn(waiting: Waiting): void {
  waiting.asks -= 1
  if (waiting.asks === 0) waiting.since = performance.now()
}

function endHanging(waiting: Running['waiting'], code: CodeProcess, { callMs }: PluginLimits): void {
  const now = performance.now()
  const hangs = [...waiting.values()].some(({ asks, usedMs, since }) => asks === 0 && usedMs + now - since > callMs)
  if (hangs) code.kill(`was ended: it gave no answer within ${callMs / 1000} s (plugins.callMs)`)
}

/** The log with so many characters a minute. */
function boundedLog(log: AgentServices['log'], most: number, onDropped: () => void): AgentServices['log'] {
  let begun = performance.now()
  let used = 0
  const bounded = (level: keyof typeof log) => (text: string) => {
    if (performance.now() - begun > minuteMs) {
      begun = performance.now()
      used = 0
    }
    used += text.length
    if (used <= most) return log[level](text)
    onDropped()
  }
  return { info: bounded('info'), warn: bounded('warn'), error: bounded('error') }
}
