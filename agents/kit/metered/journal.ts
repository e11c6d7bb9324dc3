import { z } from 'zod'
import type { Kv } from '../../../bus/mod.ts'
import { ObjectRef, Sha256 } from '../../../schemas/ids.ts'
import { spentOn } from '../../../schemas/spent.ts'
import { type PayingRole, type Spent, Stage, type UsageLine } from '../../../schemas/usage.ts'
import { Reply } from '../teacher/completion.ts'
import type { ChatRequest } from '../teacher/request.ts'
import type { Teacher } from '../teacher/teacher.ts'
import { Failure, type MeteredCall, promptHashOf } from './call.ts'
import type { Ownership } from './ownership.ts'

const asked = {
  promptHash: Sha256,
  /** What was asked, where it is kept: the planner's prompts are; a generator's follow from its program and its seed. */
  prompt: ObjectRef.optional(),
  /** Host that was asked. */
  endpoint: z.string().optional(),
  /** What it was asked for. */
  stage: Stage,
  /** HTTP requests that it took. */
  calls: z.number().int().nonnegative().default(1),
  /** Tokens billed for answers that were no reply; left out where none were counted. */
  billed: z.object({ input: z.number().int(), output: z.number().int() }).optional(),
}

/** How a paid call ended; written before it is used, and never changed. So what was made of it can be made again. */
export const JournalEntry = z.union([z.object({ ...asked, reply: Reply }), z.object({ ...asked, failure: Failure })])
export type JournalEntry = z.infer<typeof JournalEntry>

export type Journal = {
  call: MeteredCall
  /** Resolves when every call that is under way has its entry: what fails beside them is no reason to lose them. Never rejects. */
  settled(): Promise<void>
  /** What all owners of the work spent so far. */
  spent(): Spent
}

/** The key of one call of a piece of work. */
const entryKeyOf = (work: string, name: string, promptHash: string): string =>
  `${work}.${name}-${promptHash.slice(0, 32)}`

type Payer = Pick<UsageLine, 'role' | 'model'>

/** What the calls of an entry count as. */
export function usageOfReply(entry: JournalEntry, metered: Payer & Pick<UsageLine, 'stage' | 'calls'>): UsageLine {
  const { inputTokens = 0, outputTokens = 0, estimated = false } = 'reply' in entry ? entry.reply : {}
  const { endpoint, billed = { input: 0, output: 0 } } = entry
  return {
    ...metered,
    ...(endpoint && { endpoint }),
    inputTokens: inputTokens + billed.input,
    outputTokens: outputTokens + billed.output,
    ...(estimated && { estimated: 1 }),
  }
}

/** Calls that were reserved and have no entry; `isExact`: they were made. */
export const callsWithoutEntry = (metered: Payer & Pick<UsageLine, 'calls'>, isExact: boolean): UsageLine => ({
  ...metered,
  stage: isExact ? 'unanswered' : 'lost',
  inputTokens: 0,
  outputTokens: 0,
})

type Work = {
  key: string
  ownership: Ownership
  teacher: Pick<Teacher, 'model' | 'host' | 'ask'>
  role: PayingRole
  /** Puts what was asked; left out where prompts are not kept. */
  keep?: (request: ChatRequest) => Promise<ObjectRef>
  signal: AbortSignal
}

/**
 * The calls of one piece of work, each read from the journal before it is paid. Only work that had an owner before has entries to
 * read; they are listed once.
 */
export async function openJournal(kv: Kv<JournalEntry>, work: Work): Promise<Journal> {
  const { key, ownership, teacher, role, keep, signal } = work
  const before = new Set(ownership.epoch > 1 ? await kv.keys(`${key}.*`) : [])
  const lines: UsageLine[] = []
  let lost = ownership.earlier
  const payer = { role, model: teacher.model }
  const underWay = new Set<Promise<unknown>>()

  const make: MeteredCall = async (name, request, stage) => {
    const promptHash = promptHashOf(teacher.model, request)
    const entryKey = entryKeyOf(key, name, promptHash)
    const held = before.has(entryKey) ? await kv.get(entryKey) : null
    if (held) {
      const calls = Math.min(lost, held.value.calls)
      lost -= calls
      lines.push(usageOfReply(held.value, { ...payer, stage, calls }))
      return { ...held.value, isKept: true }
    }
    let calls = 0
    const callBudget = {
      take: async () => {
        const taken = await ownership.callBudget.take()
        if (taken) calls += 1
        return taken
      },
      putBack: () => {
        calls -= 1
        ownership.callBudget.putBack?.()
      },
    }
    const prompt = await keep?.(request)
    const answer = await teacher.ask(request, callBudget, signal)
    const { billed, ...ended } = answer
    const metered = {
      promptHash,
      endpoint: teacher.host,
      stage,
      calls,
      ...(prompt && { prompt }),
      ...(billed && { billed }),
    }
    const made = ended.ok ? { ...metered, reply: ended.reply } : { ...metered, failure: ended }
    // An owner before this one may have written its reply late: the first one counts, for everybody.
    const entry = (await kv.create(entryKey, made)) === 'exists' ? ((await kv.get(entryKey))?.value ?? made) : made
    lines.push(usageOfReply(entry, { ...payer, stage, calls }))
    return entry
  }

  return {
    call(...asked) {
      const calling = make(...asked)
      underWay.add(calling)
      return calling.finally(() => underWay.delete(calling))
    },
    async settled() {
      await Promise.allSettled(underWay)
    },
    spent() {
      const without = callsWithoutEntry({ ...payer, calls: lost }, ownership.isEarlierExact)
      return spentOn(lost > 0 ? [...lines, without] : lines)
    },
  }
}
