import type { RunFacts } from '../facts/run-facts.ts'
import type { CandidateFacts } from '../report-data.ts'
import { byReadingOrder } from '../text/names.ts'
import { ratesOfPaper } from './rates.ts'

/** Every candidate that a job was given out for: its training and its validation score, as far as they came. */
export function candidateFacts(facts: RunFacts): CandidateFacts[] {
  const names = new Set([
    ...facts.jobs.map(({ payload }) => payload.candidate),
    ...facts.predictions.map(({ payload }) => payload.candidate.name),
    ...facts.reports.map(({ payload }) => payload.candidate.name),
    ...facts.opened.flatMap(({ payload }) => payload.results.map((result) => result.candidate.name)),
  ])
  return [...names].sort(byReadingOrder).map((name) => candidateNamed(facts, name))
}

function candidateNamed(facts: RunFacts, name: string): CandidateFacts {
  const job = facts.jobs.findLast(({ payload }) => payload.candidate === name)?.payload
  const report = facts.reports.findLast(({ payload }) => payload.candidate.name === name)?.payload
  const done = report ?? facts.predictions.findLast(({ payload }) => payload.candidate.name === name)?.payload
  const sealed = facts.opened.flatMap(({ payload }) => payload.results).find((result) => result.candidate.name === name)
  const candidate = done?.candidate ?? sealed?.candidate
  const summary = done?.training
  return {
    candidate: name,
    student: candidate?.student ?? null,
    examples: candidate?.examples ?? job?.examples ?? false,
    validation: report ? ratesOfPaper(report.validation, report.items) : null,
    training: summary
      ? {
          ...summary,
          seed: job?.training?.seed ?? null,
          datasetHash: job?.training?.datasetHash ?? null,
          jobHash: candidate?.jobHash ?? null,
          adapterHash: candidate?.adapter?.sha256 ?? null,
          reused: done.reusedTraining,
        }
      : null,
  }
}
