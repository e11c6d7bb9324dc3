import { addAbortListener } from 'node:events'
import { type Bus, RetryError, StoppingError, TerminalError } from '../../../bus/mod.ts'
import { Progress } from '../../../schemas/messages/run.ts'
import type { AgentContext } from '../../kit/agent.ts'
import { promptText } from '../../kit/metered/call.ts'
import { JournalEntry, openJournal } from '../../kit/metered/journal.ts'
import { MeteredRecord, NotOwner, takeWork } from '../../kit/metered/ownership.ts'
import { openCapabilities } from '../../kit/metered/work.ts'
import { endpointOf } from '../../kit/teacher/options.ts'
import type { ChatRequest } from '../../kit/teacher/request.ts'
import { type Policy, ProgramFault, type Situation } from '../policy.ts'
import { openChat } from './chat.ts'
import { llmPolicy, type OpenChat } from './graph.ts'
import { createPlannerModel, faultText, isLasting } from './model.ts'
import type { LlmMode } from './modes.ts'
import { LlmPlannerOptions } from './options.ts'

/** Of what an endpoint says of a fault. */
const shownChars = 300

/**
 * The policy of a planner process. A decision is one piece of metered work: whoever takes it again, after a crash or in another replica,
 * reads what was paid already.
 * @throws at once for options that do not parse; TerminalError for a fault that stays
 */
export async function openLlmPolicy(
  mode: LlmMode,
  { bus, identity, setWaiting, ...context }: AgentContext,
): Promise<Policy> {
  const options = LlmPlannerOptions.parse(context.options)
  const endpoint = endpointOf(options, process.env, 'agents.planner.options')
  const model = createPlannerModel(endpoint, options, await openCapabilities(bus, endpoint, options))
  addAbortListener(context.signal, model.close)
  const records = bus.kv('plans', MeteredRecord)
  const entries = bus.kv('plan-journal', JournalEntry)
  /** What each decision that is being taken gives back where it is not. */
  const owned = new Map<Situation, () => Promise<void>>()
  const open: OpenChat = async (situation, signal) => {
    const { runId, attempt, operation, left, prices } = situation
    const key = `${runId}.a${attempt}.${operation}`
    const maxCalls = Math.min(left.plannerCalls, Number.MAX_SAFE_INTEGER)
    const ownership = await takeWork(records, key, { owner: identity.instance, maxCalls, chunk: 1 })
    if ('result' in ownership) throw new TerminalError(`${key} is closed, and a decision never is`)
    owned.set(situation, ownership.giveBack)
    const keep = (request: ChatRequest) =>
      bus.objects.put('LAB', `${runId}/prompt`, Buffer.from(promptText(options.model, request)))
    const journal = await openJournal(entries, { key, ownership, teacher: model, role: 'planner', keep, signal })
    return openChat(journal, options, { left, prices })
  }
  const policy = llmPolicy(mode, open, options)
  return {
    ...policy,
    async decide(situation, signal) {
      setWaiting(null)
      try {
        return await policy.decide(situation, signal)
      } catch (error) {
        // Where it cannot be given back, another owns the work or the server is away: it then counts as spent.
        await owned
          .get(situation)?.()
          .catch(() => {})
        if (error instanceof ProgramFault) throw error
        if (error instanceof NotOwner) throw new RetryError('another planner takes this decision')
        if (signal.aborted || error instanceof StoppingError) throw error
        const why = `the planner's model ${options.model}: ${faultText(error, shownChars)}`
        if (isLasting(error)) throw new TerminalError(why, { cause: error })
        // The message of this decision comes again; until then a person sees what it waits for.
        setWaiting(why)
        await notify(bus, identity, situation.runId, `${why}; it is asked again`).catch(() => {})
        throw error
      } finally {
        owned.delete(situation)
      }
    },
  }
}

function notify(bus: Bus, { role, instance }: AgentContext['identity'], runId: string, detail: string) {
  const id = `progress:${instance}:plan:${process.pid}:${performance.now()}`
  return bus.publish(Progress, { runId, id }, { role, instance, phase: 'plan', done: 0, total: 0, detail })
}
