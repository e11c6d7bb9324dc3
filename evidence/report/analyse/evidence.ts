import { BaselineKind, kindOf } from '../../../schemas/arm.ts'
import type { Evidence } from '../../../schemas/run.ts'
import type { ScoreMode } from '../../../schemas/task.ts'
import type { EvidenceFacts } from '../contrasts.ts'
import type { RunFacts } from '../facts/run-facts.ts'
import { byReadingOrder } from '../text/names.ts'
import { ratesOfScore } from './rates.ts'

/** What a baseline that was not trained would have said, and the option that trains it. */
const questions: Readonly<Record<BaselineKind, { what: string; how: string }>> = {
  control: { what: 'Whether the search is better than as many rows without one', how: '--arms control' },
  'one-shot': {
    what: 'Whether the chosen dataset is better than the first valid one, so whether feedback helped',
    how: '--arms one-shot',
  },
  random: {
    what: 'Whether the planner’s mix is better than rows drawn at random from all that passed the checks',
    how: '--arms random',
  },
  reference: {
    what: 'Whether the chosen dataset is better than rows that people wrote',
    how: 'reference in task.yaml, then --arms reference',
  },
}

/** What the run measured beside its result, and what it did not. */
export function evidenceOf(facts: RunFacts, primary: ScoreMode): EvidenceFacts {
  const evidence = facts.config?.evidence
  const arms = facts.finalEvalRequests.at(-1)?.payload.arms ?? []
  return {
    seeds: evidence?.seeds ?? null,
    arms: arms.map(({ arm, rows, datasetHash, sameAs, leftOut }) => {
      const refused = evidence?.references.find((each) => each.arm === arm)?.refused ?? null
      return { arm, rows, datasetHash, sameAs, leftOut, refused }
    }),
    unmeasured: evidence ? unmeasuredOf(evidence, facts.config?.comparison !== undefined) : [],
    comparison: facts.config?.comparison ?? null,
    ladder: evidence?.ladder ?? 'off',
    keptBack: facts.reports.flatMap(({ payload: { studentModel, shownAs } }) =>
      shownAs === undefined ? [] : [{ studentModel: studentModel.name, shownAs }],
    ),
    swap: swapOf(facts, primary),
  }
}

function unmeasuredOf(
  { arms, seeds, submissions, retention }: Evidence,
  isCompared: boolean,
): EvidenceFacts['unmeasured'] {
  const measured = arms.map((arm) => kindOf(arm))
  const missing = BaselineKind.options.filter((kind) => !measured.includes(kind)).map((kind) => questions[kind])
  if (seeds === 1) missing.push({ what: 'Whether the result holds for other training seeds', how: '--seeds 3' })
  if (!submissions) missing.push({ what: 'What the search’s own attempts score on the test', how: '--submissions' })
  if (!retention) missing.push({ what: 'What the student forgot outside the task', how: '--retention' })
  if (isCompared) return missing
  return [
    ...missing,
    { what: 'Whether another search would end as well', how: '--runs 3' },
    { what: 'Planner effect not measured: what this planner is worth beside another', how: 'syllabus compare' },
  ]
}

function swapOf({ config, reports }: RunFacts, primary: ScoreMode): EvidenceFacts['swap'] {
  const at = config?.evidence.swapValidationAt ?? null
  if (at === null) return null
  const halves = reports.flatMap(({ payload: { studentModel, halves: each } }) =>
    each
      ? [
          {
            studentModel: studentModel.name,
            a: ratesOfScore(each.a.validation.overall)[primary],
            b: ratesOfScore(each.b.validation.overall)[primary],
          },
        ]
      : [],
  )
  return { at, halves: halves.toSorted((one, other) => byReadingOrder(one.studentModel, other.studentModel)) }
}
