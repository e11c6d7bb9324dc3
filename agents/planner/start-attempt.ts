import { hashOf } from '../../schemas/hash.ts'
import type { Operation } from '../../schemas/run.ts'
import { rowsWithShare } from '../../schemas/search.ts'
import { asksModel, chosenIn, sourceKindsOf } from '../../schemas/variants.ts'
import { openAttempt, type Planned, planRound, raisedAttempt, type SearchPlace } from './attempt.ts'
import { isBudgetExhausted } from './budget-left.ts'
import { shareOf } from './budget-share.ts'
import { endWithRows } from './generate.ts'
import { generationOf, nextAttempt } from './generation.ts'
import { left } from './left.ts'
import { outgoing } from './outgoing.ts'
import { type Plan, PlannerBudgetExhausted, ProgramFault, type Situation } from './policy.ts'
import { promotion } from './promotion.ts'
import type { Attempt, PlannerState } from './state.ts'
import { best, putAttempt, roundAt, type StepContext } from './step-context.ts'
import type { PlannerStore } from './store.ts'

/** Rows of the best dataset that a policy is shown. */
const sampleSize = 6

/** What an attempt is to be: its operation, what it starts from or corrects, and its place. */
export type Slot = SearchPlace & {
  operation: Operation
  /** The attempt to start from; null: none. */
  start: Attempt | null
  /** Of Debug and Repair: the attempt that is corrected. */
  corrects?: Attempt
  variation: number
}

/** Everything a policy may look at, from the state and its blobs. */
async function situationOf(
  { config, base, attempts }: PlannerState,
  { corrects, share, generation, variation }: Slot,
  known: Pick<Situation, 'operation' | 'attempt' | 'best' | 'left'>,
  store: PlannerStore,
): Promise<Situation> {
  const rows = known.best?.dataset ? await store.getRows(known.best.dataset) : []
  const stride = Math.max(1, Math.floor(rows.length / sampleSize))
  const isSibling = (each: Attempt) => generation !== undefined && generationOf(each) === generation
  const history = attempts.filter((each) => !isSibling(each) && each !== corrects)
  return {
    ...known,
    runId: config.runId,
    prices: config.prices,
    rows: rowsWithShare(config, share).rows,
    seed: config.seed,
    ...(config.generate && { given: config.generate.program }),
    task: await store.task(config.publicTask),
    base: base?.validation ?? null,
    // What is corrected is the last that happened, to those who correct it.
    history: corrects ? [...history, corrects] : history,
    siblings: attempts.filter(isSibling),
    variation,
    sampleRows: rows.filter((_, index) => index % stride === 0).slice(0, sampleSize),
    sourceKinds: sourceKindsOf(chosenIn(config, 'generator')),
    meteredChecks: asksModel(chosenIn(config, 'critic')),
  }
}

/** True when the attempt's first round is on its way; false when its program raised. */
export async function startAttempt(context: StepContext, slot: Slot): Promise<boolean> {
  const { state, deps } = context
  const attempt = nextAttempt(state)
  const { operation, start: _start, corrects: _corrects, variation: _variation, ...place } = slot
  const plan = await decide(context, slot, attempt)
  const planned = { attempt, operation, diagnosis: '', ...place } satisfies Planned
  const known = placeOf(state, slot)
  if (plan instanceof ProgramFault) {
    const { diagnosis, wrote } = plan.plan
    const failed = raisedAttempt({ ...planned, diagnosis, wrote, ...planningOf(plan.plan) }, plan.message)
    putAttempt(context, failed)
    if (plan instanceof PlannerBudgetExhausted) context.state = { ...context.state, stopReason: 'budget-used' }
    context.send.push(outgoing.decided(failed, plan.plan, known))
    return false
  }
  const { diagnosis, program } = plan
  const finalEval = await openAttempt(state, { ...planned, diagnosis, program, ...planningOf(plan) }, deps.store)
  // What the plan itself cost is not left for the rows.
  putAttempt(context, finalEval)
  const first = await planRound(context.state, finalEval, roundAt(context))
  if (deps.policy.trainsNothing) {
    putAttempt(context, first.attempt)
    context.send.push(outgoing.decided(first.attempt, plan), ...first.messages)
    if (first.messages.length === 0) endWithRows(context, first.attempt)
    return true
  }
  const raised = first.messages.length === 0
  const unpaid = raised && isBudgetExhausted(shareOf(context.state, finalEval), finalEval)
  const error = unpaid ? 'what is left of the budget pays for none of its rows' : 'the program asks for no rows'
  putAttempt(context, raised ? { ...finalEval, outcome: 'raised', error } : first.attempt)
  if (unpaid) context.state = { ...context.state, stopReason: 'budget-used' }
  context.send.push(
    outgoing.decided(raised ? { ...first.attempt, error } : first.attempt, plan, known),
    ...first.messages,
  )
  return !raised
}

/** An attempt's place as its decision says it, in a run that says how it searches. */
function placeOf({ config }: PlannerState, { generation, parts, from, share, promotes }: Slot) {
  if (!config.search || generation === undefined) return undefined
  return {
    generation,
    of: parts ?? 1,
    from: from ?? null,
    share: share ?? 1,
    ...(promotes !== undefined && { promotes }),
  }
}

const planningOf = ({ spent }: Pick<Plan, 'spent'>) => (spent ? { planning: spent } : {})

/** What the policy plans, or how it failed to; any other error is the step's. */
async function decide(context: StepContext, slot: Slot, attempt: number): Promise<Plan | ProgramFault> {
  const { state, deps } = context
  const { operation } = slot
  if (operation === 'promote') return promotion(slot.start!, rowsWithShare(state.config).rows)
  const scored = state.attempts.filter(({ outcome }) => outcome === 'scored')
  const from = scored.length > 0 ? deps.policy.startsFrom?.(scored, { seed: state.config.seed, attempt }) : undefined
  const known = { operation, attempt, best: from ?? slot.start, left: left(context, slot.parts) }
  const situation = await situationOf(state, slot, known, deps.store)
  const planned = async (situation: Situation): Promise<Plan | ProgramFault> =>
    deps.policy.decide(situation, deps.signal).catch((error: unknown) => {
      if (error instanceof ProgramFault) return error
      throw error
    })
  const hashes = (situation.siblings ?? []).map(({ programHash }) => programHash)
  let plan = await planned(situation)
  // Moves that come to the same program are worth one training. A model is not asked again: it was told what to differ from.
  for (let more = 1; more <= mostMoves && isPlan(plan) && hashes.includes(hashOf(plan.program)); more++)
    plan = await planned({ ...situation, variation: slot.variation + more })
  return plan
}

const isPlan = (plan: Plan | ProgramFault): plan is Plan => !(plan instanceof ProgramFault) && plan.model === null

/** Moves that are tried for a program that none beside it has. */
const mostMoves = 8

/** The first attempt of a run that makes data alone. */
export async function startFirst(context: StepContext): Promise<void> {
  await startAttempt(context, { operation: 'draft', start: best(context.state), variation: 0 })
}
