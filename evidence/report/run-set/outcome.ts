import { mean } from 'simple-statistics'
import { armSeedOf } from '../../../schemas/arm.ts'
import type { TrivialScore } from '../../../schemas/trivial.ts'
import { type Adapters, type ArmScores, armKinds, armScores, inPart } from '../analyse/arm-scores.ts'
import { contrastsOf } from '../analyse/contrasts.ts'
import { shareAnswered, silentReplies, withCollapsed } from '../analyse/replies.ts'
import { primaryOf } from '../analyse/sealed.ts'
import { asAdapter, bestTrivial, trivialOn } from '../analyse/trivial.ts'
import { searchOf } from '../analyse.ts'
import { collect, defaultResampling, type LogEntry, type RunFacts } from '../mod.ts'
import type { Interval } from '../statistics/intervals.ts'
import { allParts } from '../text/names.ts'
import { brokenReplies } from '../text/replies.ts'

/** The final minus another arm in one run, with that run's own interval: over its items and its training seeds. */
export type Gain = { value: number; interval: Interval | null }

/** What became of one run of a set: the share right of each arm on the part that counts, its seeds averaged. */
export type RunOutcome = {
  runId: string
  seed: number
  status: string
  part: string
  mode: 'strict' | 'lenient'
  /** The arm that the run named before its final evaluation to be judged against. */
  against: string
  /** Of the part that counts, with the training seeds of the final; 0 for a run without a final evaluation. */
  items: number
  groups: number
  seeds: number
  /** Which final evaluation on its test on the bus that was, counted from 1; 1 for a run without one. */
  finalEvalNumber: number
  /** Rows that each student model was trained on, by its name; an arm's first adapter has the arm's. */
  rows: Record<string, number>
  /** Empty for a run without a final evaluation. */
  scores: Record<string, number>
  /** By the other arm. */
  gains: Record<string, Gain>
  /** The same by lenient scoring, and over all parts of the test. By the other arm. */
  lenient: Record<string, number>
  overall: Record<string, number>
  /** The final minus another arm with the final's results in place of what that one did not answer; see `inFavour`. By the other arm. */
  favoured: Record<string, number>
  /** The arms of whose replies most are no answers, the final among them. */
  silent: string[]
  /** The final's share right of what it did answer, where it left some unanswered; 1 where that is most, and null where it is none. */
  answered: number | null
  /** The best that answering without knowing anything scores, and the final minus it; null for a run without a final evaluation. */
  trivial: { share: number; gain: Gain } | null
  /** Whether several attempts were scored, and a later one than the first was chosen. */
  search: 'one attempt' | 'the first attempt' | 'a later attempt'
  /** What each arm answered to each item of the test. */
  arms: ArmScores[]
  /** The best of those that need no student, as if it were an arm. */
  trivialScores: Adapters | null
}

export function outcomeOf(member: { runId: string; seed: number }, entries: readonly LogEntry[]): RunOutcome {
  const facts = collect(entries)
  const status = facts.statuses.at(-1)?.payload.status ?? 'not begun'
  const records = facts.finalEvalRequests[0]?.payload.arms ?? []
  const { named: _, ...primary } = primaryOf(facts, allParts)
  const { part, mode, against } = primary
  const test = facts.finalEval[0]?.payload.results.filter(({ evalSet }) => evalSet === 'test') ?? []
  const counted = test.map(({ studentModel, sheet }) => ({
    arm: armSeedOf(studentModel.name).arm,
    ...(sheet.byPart[part] ?? sheet.overall)[mode],
  }))
  const arms = Map.groupBy(counted, ({ arm }) => arm)
  arms.delete('submission')
  const scores: Record<string, number> = {}
  for (const [arm, each] of arms) scores[arm] = mean(each.map(({ correct, total }) => correct / total))
  for (const { arm, sameAs } of records) if (sameAs !== null && sameAs in scores) scores[arm] = scores[sameAs]!
  const { seed } = defaultResampling
  const trivial = facts.finalEval[0] ? trivialOn(facts.finalEval[0].payload, 'test') : []
  const contrasts = contrastsOf({
    test,
    answers: new Map(),
    trivial,
    records,
    primary,
    named: true,
    parts: [part, allParts],
    seed,
  })
  const { final } = scores
  const own = armScores(test, records, armKinds)
  const items = test[0]?.items ?? []
  const best = bestTrivial(items, trivial, inPart(part), mode)
  const trivialDifference = contrasts.trivial[part]?.[mode].difference
  const valuesOf = (name: string, by: RunOutcome['mode']) =>
    Object.fromEntries(
      contrasts.comparisons.flatMap(({ to, parts }) => (parts[name]?.[by] ? [[to, parts[name][by].value]] : [])),
    )
  const others = Object.entries(scores).filter(([arm]) => final !== undefined && arm !== 'final')
  return {
    ...member,
    arms: own,
    status,
    part: test.length > 0 ? part : '',
    mode,
    against,
    items: counted[0]?.total ?? 0,
    groups: contrasts.arms[0]?.parts[part]?.[mode].groups ?? 0,
    seeds: arms.get('final')?.length ?? 0,
    finalEvalNumber: facts.finalEval[0]?.payload.finalEvalNumber ?? 1,
    rows: Object.fromEntries(
      facts.reports.flatMap(({ payload: { studentModel, training } }) =>
        training ? [[studentModel.name, training.rows]] : [],
      ),
    ),
    lenient: valuesOf(part, 'lenient'),
    overall: valuesOf(allParts, mode),
    scores,
    favoured: Object.fromEntries(
      contrasts.comparisons.flatMap(({ to, parts, favoured }) => {
        const difference = (favoured?.parts ?? parts)[part]?.[mode]
        return difference ? [[to, difference.value]] : []
      }),
    ),
    silent: [
      ...contrasts.comparisons.flatMap(({ to, favoured }) => (isMostlySilent(favoured) ? [to] : [])),
      ...contrasts.replies.flatMap((facts) =>
        facts.arm === 'final' && 2 * brokenReplies(facts) > facts.replies ? ['final'] : [],
      ),
    ],
    answered: answeredRight(own, trivial, part, mode),
    trivial:
      best && trivialDifference
        ? { share: best.share, gain: { value: trivialDifference.value, interval: trivialDifference.interval } }
        : null,
    search: searchedIn(facts),
    trivialScores: best && asAdapter(items, best.score),
    gains: Object.fromEntries(
      others.map(([arm, score]) => {
        // None where the arm has the final's very dataset.
        const interval = contrasts.comparisons.find(({ to }) => to === arm)?.parts[part]?.[mode].interval ?? null
        return [arm, { value: final! - score, interval }]
      }),
    ),
  }
}

const isMostlySilent = (counts: { silent: number; of: number } | null): boolean =>
  counts !== null && 2 * counts.silent > counts.of

function answeredRight(
  arms: readonly ArmScores[],
  trivial: readonly TrivialScore[],
  part: string,
  mode: RunOutcome['mode'],
): number | null {
  const [final] = withCollapsed(
    arms.filter(({ arm }) => arm === 'final'),
    trivial,
    mode,
  )
  if (!final) return null
  const counts = silentReplies(final, mode)
  if (counts.silent === 0) return null
  return isMostlySilent(counts) ? 1 : shareAnswered(final, inPart(part), mode)
}

function searchedIn(facts: RunFacts): RunOutcome['search'] {
  const { attempts, chosen } = searchOf(facts)
  if (attempts.length === 1) return 'one attempt'
  return chosen !== null && chosen === attempts[0] ? 'the first attempt' : 'a later attempt'
}
