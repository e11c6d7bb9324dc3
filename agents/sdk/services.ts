import { z } from 'zod'
import { sha256 } from '../../schemas/hash.ts'
import { Progress } from '../../schemas/messages/run.ts'
import { Stage } from '../../schemas/usage.ts'
import { SandboxLimits } from '../../tasks/sandbox/limits.ts'
import { openSandbox } from '../../tasks/sandbox/sandbox.ts'
import type { AgentContext } from '../kit/agent.ts'
import type { AgentServices, WorkServices } from './definition.ts'

/** What a definition is given, of what its process has. */
export function servicesOf({ identity, options, log, signal }: AgentContext): AgentServices {
  const write = (level: 'info' | 'warn' | 'error') => (text: string) => log[level](text)
  return { identity, options, signal, log: { info: write('info'), warn: write('warn'), error: write('error') } }
}

/** The sandbox of an agent's process, with the limits among its options. */
export const sandboxOf = ({ options }: AgentContext) =>
  openSandbox(SandboxLimits.safeParse(options.sandbox ?? {}).data ?? {})

const longestText = 500
const minuteMs = 60_000

/** Publishes what a definition shows of its work; of a plug-in so many lines a minute. */
export function progressOf({ bus, identity, plugin }: AgentContext, runId: string): WorkServices['progress'] {
  const { role, instance } = identity
  return (name, text) => {
    if (plugin && !mayPublish(plugin.limits.progressLines)) return
    const id = `progress:${instance}:${sha256(`${runId} ${name}`).slice(0, 16)}`
    const detail = String(text).slice(0, longestText)
    void bus
      .publish(Progress, { runId, id }, { role, instance, phase: 'generate', done: 0, total: 0, detail })
      .catch(() => {})
  }
}

let minute = 0
let lines = 0

function mayPublish(most: number): boolean {
  const now = Math.floor(performance.now() / minuteMs)
  if (now !== minute) [minute, lines] = [now, 0]
  lines += 1
  return lines <= most
}

/** The service `call` of an agent that asks no model. */
export const noModel: WorkServices['call'] = async () => {
  throw new Error('this agent asks no model: write asksModel: true in its definition')
}

const Asked = z.tuple([
  z.string().regex(/^[\w-]{1,80}$/, 'a name of letters, digits, dashes and underscores'),
  z.object({
    messages: z.array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })).min(1),
    sampling: z.object({
      temperature: z.number().min(0).max(2).default(1),
      maxTokens: z.number().int().positive().default(1024),
      topP: z.number().gt(0).max(1).optional(),
      seed: z.number().int().optional(),
    }),
    replySchema: z.object({ name: z.string(), schema: z.record(z.string(), z.unknown()) }).optional(),
  }),
  Stage.exclude(['lost', 'unanswered']),
])

/** The service `call` for a plug-in: what is asked has the form of a question. */
export const checkedCall =
  (call: WorkServices['call'], usual: Stage): WorkServices['call'] =>
  async (name, request, stage = usual) => {
    const { data, error } = Asked.safeParse([name, request, stage])
    if (!data) throw new Error(`call takes a name, a request and a stage: ${z.prettifyError(error)}`)
    return call(...data)
  }
