import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { attemptNumber } from '../../schemas/arm.ts'
import { numberText, plural } from '../../schemas/number-text.ts'
import type { Row } from '../../schemas/row.ts'
import { moneyOf } from '../../schemas/spent.ts'
import type { PublicTask } from '../../schemas/task.ts'
import { caveatsOf } from './analyse/caveats.ts'
import { conclude } from './analyse/conclusion.ts'
import { type DatasetRows, datasetFacts } from './analyse/datasets.ts'
import { evidenceOf } from './analyse/evidence.ts'
import { failuresOf } from './analyse/failures.ts'
import { provenanceOf } from './analyse/provenance.ts'
import { qualityOf } from './analyse/quality.ts'
import { ratesOfEvalSet } from './analyse/rates.ts'
import { sealedResults } from './analyse/sealed.ts'
import { searchSteps } from './analyse/search-steps.ts'
import { modelStatements, sealingOf } from './analyse/statements.ts'
import { timeOf } from './analyse/time.ts'
import { pricedLines, spentOnAllModels, spentOnDecisions, spentOnRows } from './analyse/usage.ts'
import type { RunFacts } from './facts/run-facts.ts'
import { type DatasetFacts, ReportData, type StudentModelFacts } from './report-data.ts'
import { confidence } from './statistics/intervals.ts'
import { minResamples, type Resampling } from './statistics/resampling.ts'
import { byReadingOrder } from './text/names.ts'

export type AnalyseOptions = Resampling & {
  /** Null where the task could not be read. */
  task: PublicTask | null
  versions: Readonly<Record<string, string>>
  rows: DatasetRows
}

/** The default bootstrap of a report. */
export const defaultResampling: Resampling = { resamples: minResamples, seed: 20_260_530 }

const badCasesShown = 12

/** Turns the facts of one run into the report's numbers. Pure: equal arguments give equal data. What is not in the log is null. */
export function analyse(facts: RunFacts, options: AnalyseOptions): ReportData {
  const { task, resamples, seed } = options
  const [headline, primary] = [task?.headline ?? 'heldout-phrasing', task?.scorer.primary ?? 'strict'] as const
  const drawsAudit = !task || task.procedureSha256 !== undefined
  const datasets = datasetFacts(facts, options.rows)
  const studentModels = studentModelFacts(facts)
  const answers = new Map((task?.validation ?? []).map(({ id, answer }) => [id, answer]))
  const sealed = sealedResults(facts, { headline, drawsAudit, answers }, { resamples, seed })
  const bootstrap = { resamples, seed, confidence }
  const run = runOf(facts)
  const time = timeOf(facts)
  const steps = searchSteps(facts)
  return ReportData.parse({
    version: 2,
    run,
    task: task && taskOf(task, facts.predictions[0]?.payload.studentModel.chat ?? {}, facts.config?.rows),
    conclusion: {
      ...conclude(sealed, { headline, mode: primary, ...searchOf(facts), rows: trainedRows(studentModels) }),
      caveats: caveatsOf({ sealed, studentModels, run }, datasets, {
        finalEvals: facts.finalEval.length,
        vetoes: facts.operatorCommands.filter(({ payload }) => payload.action === 'veto').length,
        faults: facts.statuses
          .filter(({ payload }) => payload.status === 'faulted')
          .map(({ payload }) => payload.reason),
        quick: facts.config?.quick ? facts.config : null,
        uncounted: facts.predictions.flatMap(({ payload }) => payload.tokensUncounted ?? []),
      }),
    },
    agents: facts.agents,
    models: modelStatements(facts),
    sealing: sealingOf(facts),
    bootstrap,
    sealed,
    evidence: evidenceOf(facts, primary),
    studentModels,
    datasets,
    ...(steps && { search: steps }),
    quality: qualityOf(facts, datasets, options.rows, seed),
    mats: matsOf(facts, datasets),
    failures: failuresOf(facts, datasets),
    budget: budgetOf(facts, datasets, time.wallSeconds),
    time,
    provenance: provenanceOf(facts, { datasets, studentModels, sealed, bootstrap }, options.versions),
    samples: samplesOf(options, run.chosenAttempt),
    badCases: badCasesOf(facts, run.chosenAttempt),
  } satisfies ReportData)
}

/** The attempts that were scored on validation, in order, and the chosen one. */
export function searchOf(facts: RunFacts): { attempts: number[]; chosen: number | null } {
  const scored = facts.reports.flatMap(({ payload: { studentModel } }) =>
    studentModel.arm === 'submission' ? (attemptNumber(studentModel.name) ?? []) : [],
  )
  const chosen = facts.finished.at(-1)?.payload.chosenAttempt ?? null
  return { attempts: [...new Set(scored)].sort((one, other) => one - other), chosen }
}

/** Every student model that a job was given out for: its training and its validation score, as far as they came. */
function studentModelFacts(facts: RunFacts): StudentModelFacts[] {
  const names = new Set([
    ...facts.jobs.map(({ payload }) => payload.studentModel),
    ...facts.predictions.map(({ payload }) => payload.studentModel.name),
    ...facts.reports.map(({ payload }) => payload.studentModel.name),
    ...facts.finalEval.flatMap(({ payload }) => payload.results.map((result) => result.studentModel.name)),
  ])
  return [...names].sort(byReadingOrder).map((name) => modelNamed(facts, name))
}

function modelNamed(facts: RunFacts, name: string): StudentModelFacts {
  const job = facts.jobs.findLast(({ payload }) => payload.studentModel === name)?.payload
  const report = facts.reports.findLast(({ payload }) => payload.studentModel.name === name)?.payload
  const done = report ?? facts.predictions.findLast(({ payload }) => payload.studentModel.name === name)?.payload
  const sealed = facts.finalEval
    .flatMap(({ payload }) => payload.results)
    .find((result) => result.studentModel.name === name)
  const studentModel = done?.studentModel ?? sealed?.studentModel
  const summary = done?.training
  return {
    studentModel: name,
    student: studentModel?.student ?? null,
    ...(studentModel?.runtimes && { runtimes: studentModel.runtimes }),
    examples: studentModel?.examples ?? job?.examples ?? false,
    validation: report ? ratesOfEvalSet(report.items) : null,
    training: summary
      ? {
          ...summary,
          seed: job?.training?.seed ?? null,
          datasetHash: job?.training?.datasetHash ?? null,
          jobHash: studentModel?.jobHash ?? null,
          adapterHash: studentModel?.adapter?.sha256 ?? null,
          reused: done.reusedTraining,
        }
      : null,
  }
}

/** Rows that each arm's first adapter was trained on. */
const trainedRows = (studentModels: readonly StudentModelFacts[]): Record<string, number> =>
  Object.fromEntries(
    studentModels.flatMap(({ studentModel, training }) => (training ? [[studentModel, training.rows]] : [])),
  )

function runOf(facts: RunFacts): ReportData['run'] {
  const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString())
  const finished = facts.finished.at(-1)?.payload
  const status = facts.statuses.at(-1)?.payload
  return {
    runId: facts.config?.runId ?? null,
    status: finished ? (status?.status ?? 'finished') : (status?.status ?? (facts.config ? 'running' : null)),
    statusReason: status?.reason ?? null,
    finished: finished !== undefined,
    stopReason: finished?.stopReason ?? null,
    ...(finished?.stopDetail !== undefined && { stopDetail: finished.stopDetail }),
    startedAt: facts.config?.startedAt ?? iso(facts.firstMs),
    lastMessageAt: iso(facts.lastMs),
    chosenAttempt: finished?.chosenAttempt ?? null,
    messages: facts.messages,
    unreadable: facts.unreadable,
  }
}

/** `chat`: how the student was spoken with, as its student models say. `rows`: of a dataset of this run. */
function taskOf(task: PublicTask, chat: object, rows = task.rows.target): ReportData['task'] {
  const { id, title, goal, headline, scorer, skills } = task
  const asked = `This run was asked for ${numberText(rows)} ${plural(rows, 'row')} a dataset, in place of the task’s ${numberText(task.rows.target)}.`
  const departures = [...task.departures, ...(rows === task.rows.target ? [] : [asked])]
  const printed = (settings: object) =>
    Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [
        name,
        typeof value === 'object' ? JSON.stringify(value) : value,
      ]),
    )
  const [recipe, inference] = [printed(task.recipe), printed({ ...task.inference, ...chat })]
  return { id, title, goal, headline, primary: scorer.primary, skills, departures, recipe, inference }
}

function matsOf(facts: RunFacts, datasets: readonly DatasetFacts[]): ReportData['mats'] {
  const tried = datasets.filter((dataset) => dataset.attempt > 0)
  const finished = facts.finished.at(-1)?.payload
  const attempts = finished?.attempts ?? tried.length
  const validAttempts = finished?.validAttempts ?? tried.filter((dataset) => dataset.valid).length
  return { attempts, validAttempts, value: validAttempts === 0 ? null : attempts / validAttempts }
}

function budgetOf(
  facts: RunFacts,
  datasets: readonly DatasetFacts[],
  wallSeconds: number | null,
): ReportData['budget'] {
  const { config } = facts
  const [rows, plans] = [spentOnRows(facts), spentOnDecisions(facts)]
  const all = spentOnAllModels(facts)
  const prices = config?.prices ?? {}
  return {
    hoursUsed: wallSeconds === null ? null : wallSeconds / 3600,
    maxHours: config?.limits.maxHours ?? null,
    attemptsUsed: datasets.filter((dataset) => dataset.attempt > 0).length,
    attempts: config?.attempts ?? null,
    candidatesAsked: datasets.reduce((sum, dataset) => sum + dataset.asked, 0),
    candidateCapPerAttempt: config ? Math.floor(config.rows * config.limits.candidateCap) : null,
    teacherCallsUsed: rows.calls,
    teacherCalls: config?.limits.teacherCalls ?? null,
    plannerCallsUsed: plans.calls,
    plannerCalls: config?.limits.plannerCalls ?? null,
    inputTokens: all.inputTokens,
    outputTokens: all.outputTokens,
    tokens: config?.limits.tokens ?? null,
    price: all.calls === 0 ? null : moneyOf(all, prices),
    money: config?.limits.money ?? null,
    usage: pricedLines(all, prices),
  }
}

function samplesOf({ rows, seed }: AnalyseOptions, chosen: number | null): ReportData['samples'] {
  const attempt = chosen ?? Math.max(...[...rows.keys()].filter((key) => key > 0))
  const own = rows.get(attempt)
  return own && own.length > 0 ? { attempt, rows: sampleRows(own, 2, seed) } : null
}

/** `perSkill` rows of each skill, drawn without looking at them; the same for the same rows and seed. */
function sampleRows(rows: readonly Row[], perSkill: number, seed: number): Row[] {
  const random = xoroshiro128plus(seed)
  const skills = [...Map.groupBy(rows, (row) => row.skill)].sort(([one], [other]) => one.localeCompare(other, 'en'))
  return skills.flatMap(([, own]) => {
    const left = [...own]
    return Array.from({ length: Math.min(perSkill, own.length) }, () => {
      const [drawn] = left.splice(uniformInt(random, 0, left.length - 1), 1)
      return drawn!
    })
  })
}

function badCasesOf(facts: RunFacts, chosen: number | null): ReportData['badCases'] {
  const attempts = facts.reports
    .map(({ payload }) => payload)
    .filter(({ studentModel }) => studentModel.name.startsWith('attempt-'))
  const report = attempts.findLast(({ studentModel }) => studentModel.name === `attempt-${chosen}`) ?? attempts.at(-1)
  if (!report) return null
  const { studentModel, badCases, causes, analysis } = report
  return {
    studentModel: studentModel.name,
    cases: badCases.slice(0, badCasesShown),
    ...(analysis && { causes: causes ?? [], hypotheses: analysis.hypotheses }),
    ...(analysis?.fault !== undefined && { analysisFault: analysis.fault }),
  }
}
