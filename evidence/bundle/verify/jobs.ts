import { guidanceOf } from '../../../agents/planner/guidance.ts'
import { armSeedOf } from '../../../schemas/arm.ts'
import type { Candidate } from '../../../schemas/training.ts'
import { jobHashOf, studentLabel } from '../../../trainer-bridge/job.ts'
import type { RunFacts } from '../../report/mod.ts'
import { type Check, messagePlace } from './check.ts'
import type { Ledger } from './ledger.ts'

/** The identity of every training, and each candidate the same wherever it is named. */
export const jobs: Check = {
  name: 'jobs',
  what: 'job hashes from dataset, student, recipe and seed; one adapter a candidate',
  async run({ facts, task, config }, ledger) {
    const counts = new Map([
      ...facts.verdicts.map(({ payload }) => [payload.datasetHash, payload.rows] as const),
      ...(facts.openingRequests[0]?.payload.arms ?? []).map(({ datasetHash, rows }) => [datasetHash, rows] as const),
    ])
    const known = new Map(facts.predictions.map(({ payload }) => [payload.candidate.name, payload]))
    for (const said of facts.predictions) {
      const { candidate } = said.payload
      const { name, student: label, studentHash, jobHash } = candidate
      const place = (field: string) => messagePlace('predictions', said, `${field} of ${name}`)
      const job = facts.jobs.find(({ payload }) => payload.candidate === name)?.payload
      const training = job?.training ?? null
      const { arm, seedIndex, examples, chat, runtime } = candidate
      ledger.same(place('arm and seed'), { arm, seedIndex }, armSeedOf(name))
      ledger.same(place('examples'), examples, job?.examples)
      if (studentHash === undefined) {
        ledger.leave("this run does not say its student's whole hash, which job hashes hold")
        continue
      }
      const student = { name: label.replace(/@[0-9a-f]{12}$/, ''), path: '', sha256: studentHash }
      ledger.same(place('candidate.student'), label, studentLabel(student))
      if (!task) continue
      const due = training && jobHashOf({ ...training, student, recipe: task.recipe, chat, runtime })
      ledger.same(place('candidate.jobHash'), jobHash, due)
      const { rows = 0, leftOut = 0 } = said.payload.training ?? {}
      ledger.same(
        place('training.rows, and those left out'),
        rows + leftOut,
        training ? counts.get(training.datasetHash) : 0,
      )
    }
    compareAdapters(facts, ledger)
    for (const said of facts.jobs) {
      const { candidate, guidance } = said.payload
      ledger.same(messagePlace('job', said, `guidance of ${candidate}`), guidance, guidanceOf(config))
    }
    const others = [
      ...facts.reports.map((said) => ({ said, name: 'report', candidates: [said.payload.candidate] })),
      ...facts.openingRequests.map((said) => ({ said, name: 'opening-request', candidates: said.payload.candidates })),
      ...facts.opened.map((said) => ({
        said,
        name: 'opened',
        candidates: said.payload.results.map(({ candidate }) => candidate),
      })),
    ]
    const due = knownCandidates(facts)
    for (const { said, name, candidates } of others) {
      for (const candidate of candidates) {
        const trained = due.get(candidate.name)
        for (const field of trained ? fields : [])
          ledger.same(messagePlace(name, said, `${field} of ${candidate.name}`), candidate[field], trained![field])
      }
    }
    for (const said of facts.reports) {
      const { candidate, training } = said.payload
      ledger.same(
        messagePlace('report', said, `training of ${candidate.name}`),
        training,
        known.get(candidate.name)?.training,
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
  'jobHash',
  'adapter',
  'examples',
] as const

/** The same training gives the same adapter, and two that differ give two. */
function compareAdapters({ predictions }: RunFacts, ledger: Ledger): void {
  const trained = predictions.filter(({ payload }) => payload.candidate.adapter)
  const adapters = new Map(trained.map(({ payload: { candidate } }) => [candidate.jobHash, candidate.adapter!.sha256]))
  const jobHashes = new Map(trained.map(({ payload: { candidate } }) => [candidate.adapter!.sha256, candidate.jobHash]))
  for (const said of trained) {
    const { name, jobHash, adapter } = said.payload.candidate
    const place = (field: string) => messagePlace('predictions', said, `${field} of ${name}`)
    ledger.same(place('adapter, by its training'), adapter!.sha256, adapters.get(jobHash))
    ledger.same(place('training, by its adapter'), jobHash, jobHashes.get(adapter!.sha256))
  }
}

/** Every candidate as its predictions said it; the base with examples is the base, but for what it is shown. */
function knownCandidates({ predictions }: RunFacts): Map<string, Candidate> {
  const known = new Map(predictions.map(({ payload }) => [payload.candidate.name, payload.candidate]))
  const [base, name] = [known.get('base'), 'base-examples' as const]
  return base ? known.set(name, { ...base, name, arm: name, examples: true }) : known
}
