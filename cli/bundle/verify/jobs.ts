import { jobHashOf, studentLabel } from '../../../trainer-bridge/job.ts'
import { type Check, messagePlace } from './check.ts'

/** The identity of every training, and each candidate the same wherever it is named. */
export const jobs: Check = {
  name: 'jobs',
  what: 'job hashes from dataset, student, recipe and seed; one adapter a candidate',
  async run({ facts, task }, ledger) {
    const known = new Map(facts.predictions.map(({ payload }) => [payload.candidate.name, payload]))
    for (const said of facts.predictions) {
      const { candidate } = said.payload
      const { name, student: label, studentHash, jobHash } = candidate
      const place = (field: string) => messagePlace('predictions', said, `${field} of ${name}`)
      const training = facts.jobs.find(({ payload }) => payload.candidate === name)?.payload.training ?? null
      if (studentHash === undefined) {
        ledger.leave("this run does not say its student's whole hash, which job hashes hold")
        continue
      }
      const student = { name: label.replace(/@[0-9a-f]{12}$/, ''), path: '', sha256: studentHash }
      ledger.same(place('candidate.student'), label, studentLabel(student))
      if (!task) continue
      const due = training && jobHashOf({ ...training, student, recipe: task.recipe })
      ledger.same(place('candidate.jobHash'), jobHash, due)
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
    for (const { said, name, candidates } of others) {
      for (const { name: candidate, jobHash, adapter } of candidates) {
        const trained = known.get(candidate)?.candidate
        if (!trained) continue
        ledger.same(messagePlace(name, said, `jobHash of ${candidate}`), jobHash, trained.jobHash)
        ledger.same(messagePlace(name, said, `adapter of ${candidate}`), adapter?.sha256, trained.adapter?.sha256)
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
