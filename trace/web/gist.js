import { count, percent, words } from './format.js'
import { lengthOf } from './store.js'

const share = (tally) => (tally.total > 0 ? percent(tally.correct / tally.total) : 'no items')
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0)
const dataset = (attempt) => (attempt === 0 ? 'control' : `attempt ${attempt}`)

const gists = {
  'run-started': ({ config }) => `${config.attempts} attempts of ${count(config.rows)} rows, seed ${config.seed}`,
  control: ({ action, reason }) => `${action}${reason ? `: ${reason}` : ''}`,
  shard: ({ round, source, count: rows }) =>
    `${rows} candidates of ${source.id} for ${dataset(round.attempt)}, round ${round.round}`,
  batch: ({ round, source, candidates, failures }) =>
    `${lengthOf(candidates)} candidates of ${source} for ${dataset(round.attempt)}${lengthOf(failures) ? `, ${lengthOf(failures)} failed` : ''}`,
  tried: ({ attempt, source, outcome }) =>
    outcome.usable
      ? `${source} of ${dataset(attempt)}: the teacher answers usably`
      : `${source} of ${dataset(attempt)}: no usable reply in ${count(outcome.calls)} calls: ${outcome.why}`,
  verdict({ attempt, round, rows, bySource }) {
    const yields = Object.values(bySource)
    const admitted = sum(yields.map((part) => part.admitted))
    const generated = sum(yields.map((part) => part.generated))
    return `${dataset(attempt)}, round ${round}: ${count(admitted)} of ${count(generated)} admitted, ${count(rows)} rows now`
  },
  job: ({ studentModel, training }) => (training ? `train and answer as ${studentModel}` : `answer as ${studentModel}`),
  predictions: ({ studentModel, reusedTraining }) =>
    `replies of ${studentModel.name}${reusedTraining ? ', training reused' : ''}`,
  report: ({ studentModel, validation }) =>
    `${studentModel.name}: ${share(validation.overall.strict)} strict, ${share(validation.overall.lenient)} lenient on validation`,
  fault: ({ message, reason }) => `${message} became a dead letter: ${reason}`,
  'final-eval-request': ({ candidates }) => `open the sealed test for ${lengthOf(candidates)} candidates`,
  finalEval: ({ finalEvalNumber }) => `the sealed test was opened (opening ${finalEvalNumber})`,
  decision: ({ attempt, operation }) => `attempt ${attempt}: ${operation}`,
  progress: ({ phase, studentModel, done, total, loss }) =>
    `${phase}${studentModel ? ` ${studentModel}` : ''} ${count(done)} of ${count(total)}${loss === undefined ? '' : `, loss ${loss.toFixed(3)}`}`,
  'status-changed': ({ status, reason }) => `${status}: ${reason}`,
  'run-finished': ({ stopReason, chosenAttempt }) =>
    `${words(stopReason)}; ${chosenAttempt === null ? 'no valid attempt' : `attempt ${chosenAttempt} chosen`}`,
}

/** One message in a few words. */
export function gistOf(entry) {
  if (entry.parseError) return `not readable: ${entry.parseError}`
  return gists[entry.name]?.(entry.payload) ?? ''
}
