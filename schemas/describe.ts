import type { PayloadOf } from './message.ts'
import { numberText, plural, wholePercent } from './number-text.ts'
import type { MessageName, Registry } from './registry.ts'
import type { FailureKind, RejectionReason, Yield } from './row.ts'
import type { Score, Tally } from './score.ts'
import { uncountedText } from './token-limit.ts'

/**
 * A message for a person, on the terminal and on the page alike. `title` names what it is about, `text` says what happened: its first line
 * stands where there is room for one, further lines give examples and reasons. Both begin in lower case; `text` may be empty.
 */
export type Description = { title: string; text: string }

const percent = ({ correct, total }: Tally) => wholePercent(correct, Math.max(1, total))
const share = ({ strict, lenient }: Score) =>
  `${percent(strict)} strict, ${percent(lenient)} lenient of ${strict.total}`
const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ')
/** The title, then each line of the text; a line that is false or left out is none. */
type Parts = [title: string, ...lines: (string | false | undefined)[]]

/** The attempt that a message is about; 0 is the uniform control. */
const attemptTitle = (attempt: number) => (attempt === 0 ? 'control' : `attempt ${attempt}`)
const roundTitle = ({ attempt, round }: { attempt: number; round: number }) =>
  `${attemptTitle(attempt)}, round ${round}`

/** `, not admitted: 12 near-duplicate, 3 format`, the most frequent first. */
function rejectedText(yields: readonly Yield[]): string {
  const counts = new Map<string, number>()
  for (const { rejected } of yields)
    for (const [reason, rows] of Object.entries(rejected)) counts.set(reason, (counts.get(reason) ?? 0) + rows)
  const worst = [...counts].sort(([, one], [, other]) => other - one).slice(0, 3)
  return worst.length > 0 ? `, not admitted: ${worst.map(([reason, rows]) => `${rows} ${reason}`).join(', ')}` : ''
}

type Verdict = PayloadOf<Registry['verdict']>

/** Why indexes gave no row and why rows were refused, by source, with an example each. */
function exampleLines({ bySource, failures = {}, refusals = {} }: Verdict): string[] {
  const failed = Object.entries(failures).flatMap(([source, kinds]) =>
    Object.entries(kinds).map(([kind, example]) => {
      const rows = bySource[source]?.failed?.[kind as FailureKind] ?? 0
      return `${source}: no row of ${rows} (${kind}), for example: ${example}`
    }),
  )
  const refused = Object.entries(refusals).flatMap(([source, reasons]) =>
    Object.entries(reasons).map(([reason, example]) => {
      const rows = bySource[source]?.rejected[reason as RejectionReason] ?? 0
      return `${source}: ${rows} refused as ${reason}, for example: ${example}`
    }),
  )
  return [...failed, ...refused]
}

type Training = PayloadOf<Registry['report']>['training']

function trainingText(training: Training, isReused: boolean): string {
  if (!training) return ''
  const leftOut = training.leftOut > 0 ? ` (${training.leftOut} were too long)` : ''
  const reused = isReused ? ' (earlier: not trained again)' : ''
  return `; trained on ${numberText(training.rows)} ${plural(training.rows, 'row')}${leftOut} in ${Math.round(training.seconds)} s${reused}`
}

const points = (share: number) => (share * 100).toFixed(1)

function placeText({ generation, of, from, share, promotes }: NonNullable<PayloadOf<Registry['decision']>['place']>) {
  const start = from === null ? 'from no other' : `from attempt ${from}`
  const rows = share < 1 ? `, a contender with ${wholePercent(share)} of the rows` : ''
  const promoted = promotes === undefined ? '' : `, contender ${promotes} with all rows`
  return `generation ${generation}${of > 1 ? `, ${of} attempts at the same time` : ''}; ${start}${rows}${promoted}`
}

/** A description of every message there is: one without does not compile. */
const descriptions: { [N in MessageName]: (payload: PayloadOf<Registry[N]>) => Parts } = {
  'run-started': ({ config: { runId, attempts, rows, seed, setting } }) => [
    `run ${runId}`,
    `${attempts} ${plural(attempts, 'attempt')} of ${rows} ${plural(rows, 'row')}, seed ${seed}, setting ${setting}`,
  ],
  'operator-command': ({ action, reason }) => [`asked to ${action}`, reason],
  shard: ({ round, source, count: rows, dry }) => [
    roundTitle(round),
    dry ? `nothing is asked of ${source}` : `${rows} ${plural(rows, 'candidate')} of ${source} are asked for`,
  ],
  tried: ({ attempt, source, outcome }) => [
    `${attemptTitle(attempt)}, trial of ${source}`,
    outcome.usable
      ? 'the teacher answers usably'
      : `no usable reply in ${numberText(outcome.calls)} ${plural(outcome.calls, 'call')}: ${outcome.why}`,
  ],
  batch: ({ round, source, candidates, failures }) => [
    roundTitle(round),
    `${candidates.length} ${plural(candidates.length, 'candidate')} of ${source}${failures.length > 0 ? `, ${failures.length} failed` : ''}`,
  ],
  verdict(verdict) {
    const yields = Object.values(verdict.bySource)
    const sum = (of: 'asked' | 'admitted') => yields.reduce((total, part) => total + part[of], 0)
    const rows = `${numberText(sum('admitted'))} of ${numberText(sum('asked'))} ${plural(sum('asked'), 'candidate')} admitted, ${numberText(verdict.rows)} ${plural(verdict.rows, 'row')}`
    return [roundTitle(verdict), rows + rejectedText(yields), ...exampleLines(verdict)]
  },
  job: ({ studentModel, training }) => [
    studentModel,
    `${training ? 'training, then ' : ''}answering the validation questions`,
  ],
  predictions: ({ studentModel, reusedTraining, tokensUncounted, examplesLeftOut }) => [
    studentModel.name,
    `has answered the validation questions${reusedTraining ? ', training reused' : ''}`,
    tokensUncounted !== undefined && uncountedText(tokensUncounted),
    examplesLeftOut !== undefined && `no base-examples: ${examplesLeftOut}`,
  ],
  report: ({ studentModel, validation, training, reusedTraining, shownAs }) => [
    studentModel.name,
    (shownAs === undefined
      ? `${share(validation.overall)} on validation`
      : `not above ${shownAs} by more than chance, so that one's score is shown in its place`) +
      trainingText(training, reusedTraining),
  ],
  'final-eval-request': ({ studentModels, arms }) => [
    'the final evaluation starts',
    `for ${studentModels.map(({ name }) => name).join(', ')}`,
    ...arms.flatMap(({ arm, leftOut, sameAs }) => [
      leftOut !== null && `no ${arm}: ${leftOut}`,
      sameAs !== null && `${arm} has the dataset of ${sameAs}: one training, one result`,
    ]),
  ],
  'sealed-eval-job': ({ studentModel, evalSet }) => [studentModel.name, `answering the questions of the ${evalSet}`],
  answers: ({ studentModel, evalSet }) => [studentModel, `has answered the questions of the ${evalSet}`],
  'final-eval-results': ({ finalEvalNumber, results }) => [
    'the final evaluation is done',
    `final evaluation ${finalEvalNumber} of this test`,
    ...results.map(
      ({ studentModel, evalSet, sheet }) => `${studentModel.name} on the ${evalSet}: ${share(sheet.overall)}`,
    ),
  ],
  fault: ({ message, reason }) => [`dead letter: ${message}`, reason],
  decision({ attempt, operation, diagnosis, program, error, model, place }) {
    const why = error?.split('\n')[0]
    if (program && why !== undefined) return [attemptTitle(attempt), `its program failed: ${why}`]
    return [
      attempt === 0 ? 'control' : `attempt ${attempt} (${operation})`,
      `${diagnosis}${model ? ` (${model})` : ''}`,
      why !== undefined && `no program came of it: ${why}`,
      place !== undefined && placeText(place),
    ]
  },
  race: ({ attempt, against, own, other, total, lead, needed, kept }) => [
    attemptTitle(attempt),
    `${kept ? 'takes the place of' : 'does not hold against'} attempt ${against}: ${own.join(' and ')} right of ${total}, that one ${other.join(' and ')}; it leads by ${points(lead)} points and needs ${points(needed)}`,
  ],
  progress: ({ phase, studentModel = '', done, total, loss, tokensPerSecond, etaSeconds, detail }) => [
    `${phase} ${studentModel}`.trim() + (detail === undefined ? ` ${numberText(done)} of ${numberText(total)}` : ''),
    detail,
    [
      ...(loss === undefined ? [] : [`loss ${loss.toFixed(3)}`]),
      ...(tokensPerSecond === undefined ? [] : [`${Math.round(tokensPerSecond)} tokens/s`]),
      ...(etaSeconds === undefined ? [] : [`${Math.round(etaSeconds)} s left`]),
    ].join(', '),
  ],
  'status-changed': ({ status, reason, fix }) => [`run is ${status}`, reason, fix],
  'run-finished': ({ stopReason, stopDetail, chosenAttempt }) => [
    'the run is over',
    `${stopReason.replaceAll('-', ' ')}; ${chosenAttempt === null ? 'no valid attempt' : `attempt ${chosenAttempt} chosen`}`,
    stopDetail,
  ],
}

/** A message as its reader found it in the log: its payload is parsed, or `parseError` says why not. */
type Read = { name: string; payload: unknown; parseError?: string | undefined }

/** Describes a message of the log. No text in it can break out of its line. */
export function describe({ name, payload, parseError }: Read): Description {
  const [title, ...lines]: Parts =
    parseError === undefined
      ? (descriptions[name as MessageName] as (payload: unknown) => Parts)(payload)
      : [name, `not readable: ${parseError}`]
  return { title: oneLine(title), text: lines.flatMap((line) => (line ? oneLine(line) : [])).join('\n') }
}
