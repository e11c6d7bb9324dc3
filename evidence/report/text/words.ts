import type { Phase, ReportData, SealedResults } from '../report-data.ts'

const stopReasons: Readonly<Record<NonNullable<ReportData['run']['stopReason']>, string>> = {
  'attempts-used': 'all attempts were used',
  'hours-used': 'the hours were used up',
  'first-valid': 'the first valid dataset was taken',
  'no-valid-attempt': 'no attempt gave enough admitted rows',
  'stopped-by-user': 'a person ended the search',
  'budget-used': 'the budget was used up',
  'rows-complete': 'all rows wanted were admitted',
  'candidates-used': 'no more candidates may be asked for',
  'rounds-used': 'no more rounds may be asked for',
  'teacher-unavailable': 'the teacher gave no usable reply',
  'program-raised': 'the program failed on every reply of a source',
}

/** Status of the run with its stop reason, in words. */
export function statusText({ run }: Pick<ReportData, 'run'>): string {
  if (run.finished && run.stopReason) return `${run.status ?? 'finished'}: ${stopReasons[run.stopReason]}`
  if (!run.status) return 'not started'
  return run.statusReason ? `${run.status}, not finished (${run.statusReason})` : `${run.status}, not finished`
}

/** Why a candidate row was not admitted, in words. */
export const rejectionWords: Readonly<Record<string, string>> = {
  format: 'format',
  'too-long': 'too long',
  'too-long-for-student': 'too long for the student',
  'wrong-answer': 'wrong answer',
  'not-verified': 'vote disagrees',
  judge: 'judge',
  'judge-unread': "no score in the judge's reply",
  unchecked: 'not checked for want of calls',
  'exact-duplicate': 'exact duplicate',
  'near-duplicate': 'near duplicate',
  'contaminated-validation': 'in validation',
  'contaminated-sealed': 'in the sealed test',
  'contaminated-retention': 'in the retention set',
  surplus: 'surplus',
  unbalanced: 'skill full',
}

/** What a run says whose rows' tokens nobody counted before a training. */
export const uncountedText = (why: string) =>
  `Rows were not counted in the student's tokens, so only the trainings left out those that are too long: ${why}`

/** `improve`, or `repair, then draft` where an attempt had several decisions; the control is not an operation of the search. */
export function operationText(dataset: ReportData['datasets'][number]): string {
  if (dataset.attempt === 0) return 'even spread'
  return dataset.operations.map(({ operation }) => operation).join(', then ') || 'unknown'
}

export function datasetName(attempt: number): string {
  return attempt === 0 ? 'Control' : `Attempt ${attempt}`
}

export const submissionsNote =
  'The attempts of the search sat the test after it had ended. Nothing was chosen by that; the best of several looks better here than it is.'

/** Where the audit's items come from, and how it is compared with the test. */
export function auditNote({ audit, auditSeed }: Pick<SealedResults, 'audit' | 'auditSeed'>): string {
  if (audit.length === 0)
    return 'The task has no audit: none was set aside, and it has no procedure that could draw one.'
  const origin =
    auditSeed === null
      ? 'The audit is a third set of the task’s own, sealed as the test until the search had stopped; rows that repeat one of its questions were refused.'
      : 'The audit is a set of new items, drawn by the evaluator after the search had stopped, whose problems are in no dataset, validation or test.'
  return `${origin} Its items differ from the test’s, so the difference is bootstrapped unpaired over groups of items, within each part that both have; the adapters of an arm are averaged and taken as they are.`
}

export const matsNote =
  'MATS is attempts / attempts that gave a valid dataset. It is not comparable with the paper’s: there an attempt is a free program, here deficits are refilled within an attempt.'

export const phaseNames: Readonly<Record<Phase, string>> = {
  generate: 'Making and admitting rows',
  train: 'Training',
  answer: 'Answering validation questions',
  score: 'Scoring',
  sealed: 'Sealed test and audit',
  other: 'Planning, waiting, standing still',
}
