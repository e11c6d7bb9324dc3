import { armSeedOf } from '../../../schemas/arm.ts'
import type { StudentModel } from '../../../schemas/training.ts'
import { jobHashOf, studentLabel } from '../../../trainer-bridge/job.ts'
import type { RunFacts } from '../../report/mod.ts'
import { type Check, messagePlace } from './check.ts'
import type { Ledger } from './ledger.ts'

/** The identity of every training, and each student model the same wherever it is named. */
export const jobsCheck: Check = {
  name: 'jobs',
  what: 'job hashes from dataset, student, recipe and seed; one adapter a student model',
  async run({ facts, task, config }, ledger) {
    const counts = new Map([
      ...facts.verdicts.map(({ payload }) => [payload.datasetHash, payload.rows] as const),
      ...(facts.finalEvalRequests[0]?.payload.arms ?? []).map(({ datasetHash, rows }) => [datasetHash, rows] as const),
    ])
    const known = new Map(facts.predictions.map(({ payload }) => [payload.studentModel.name, payload]))
    for (const recorded of facts.predictions) {
      const { studentModel } = recorded.payload
      const { name, student: label, studentHash, jobHash } = studentModel
      const place = (field: string) => messagePlace('predictions', recorded, `${field} of ${name}`)
      const job = facts.jobs.find(({ payload }) => payload.studentModel === name)?.payload
      const training = job?.training ?? null
      const { arm, seedIndex, examples, chat, runtime, runtimes } = studentModel
      ledger.same(place('arm and seed'), { arm, seedIndex }, armSeedOf(name))
      ledger.same(place('examples'), examples, job?.examples)
      if (studentHash === undefined) {
        ledger.leave("this run does not say its student's whole hash, which job hashes hold")
        continue
      }
      const student = { name: label.replace(/@[0-9a-f]{12}$/, ''), path: '', sha256: studentHash }
      ledger.same(place('studentModel.student'), label, studentLabel(student))
      if (!task) continue
      const due =
        training && jobHashOf({ ...training, student, recipe: task.recipe, chat, runtime, trainer: runtimes?.train })
      ledger.same(place('studentModel.jobHash'), jobHash, due)
      const { rows = 0, leftOut = 0 } = recorded.payload.training ?? {}
      ledger.same(
        place('training.rows, and those left out'),
        rows + leftOut,
        training ? counts.get(training.datasetHash) : 0,
      )
    }
    compareAdapters(facts, ledger)
    for (const recorded of facts.jobs) {
      const { studentModel, guidance } = recorded.payload
      const { ladder, swapValidationAt } = config.evidence
      const due = { ladder, halves: swapValidationAt !== null }
      const { ladder: on = 'off', halves = false } = guidance ?? {}
      ledger.same(messagePlace('job', recorded, `guidance of ${studentModel}`), { ladder: on, halves }, due)
    }
    const others = [
      ...facts.reports.map((recorded) => ({
        recorded,
        name: 'report',
        studentModels: [recorded.payload.studentModel],
      })),
      ...facts.finalEvalRequests.map((recorded) => ({
        recorded,
        name: 'final-eval-request',
        studentModels: recorded.payload.studentModels,
      })),
      ...facts.finalEval.map((recorded) => ({
        recorded,
        name: 'final-eval-results',
        studentModels: recorded.payload.results.map(({ studentModel }) => studentModel),
      })),
    ]
    const due = knownModels(facts)
    for (const { recorded, name, studentModels } of others) {
      for (const studentModel of studentModels) {
        const trained = due.get(studentModel.name)
        for (const field of trained ? fields : [])
          ledger.same(
            messagePlace(name, recorded, `${field} of ${studentModel.name}`),
            studentModel[field],
            trained![field],
          )
      }
    }
    for (const recorded of facts.reports) {
      const { studentModel, training } = recorded.payload
      ledger.same(
        messagePlace('report', recorded, `training of ${studentModel.name}`),
        training,
        known.get(studentModel.name)?.training,
      )
    }
  },
}

const fields = [
  'arm',
  'seedIndex',
  'student',
  'studentHash',
  'chat',
  'runtime',
  'runtimes',
  'jobHash',
  'adapter',
  'examples',
] as const

/** The same training gives the same adapter, and two that differ give two. */
function compareAdapters({ predictions }: RunFacts, ledger: Ledger): void {
  const trained = predictions.filter(({ payload }) => payload.studentModel.adapter)
  const adapters = new Map(
    trained.map(({ payload: { studentModel } }) => [studentModel.jobHash, studentModel.adapter!.sha256]),
  )
  const jobHashes = new Map(
    trained.map(({ payload: { studentModel } }) => [studentModel.adapter!.sha256, studentModel.jobHash]),
  )
  for (const recorded of trained) {
    const { name, jobHash, adapter } = recorded.payload.studentModel
    const place = (field: string) => messagePlace('predictions', recorded, `${field} of ${name}`)
    ledger.same(place('adapter, by its training'), adapter!.sha256, adapters.get(jobHash))
    ledger.same(place('training, by its adapter'), jobHash, jobHashes.get(adapter!.sha256))
  }
}

/** Every student model as its predictions said it; the base with examples is the base, but for what it is shown. */
function knownModels({ predictions }: RunFacts): Map<string, StudentModel> {
  const known = new Map(predictions.map(({ payload }) => [payload.studentModel.name, payload.studentModel]))
  const [base, name] = [known.get('base'), 'base-examples' as const]
  return base ? known.set(name, { ...base, name, arm: name, examples: true }) : known
}
