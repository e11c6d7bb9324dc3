import type { LogEntry } from '../../bus/mod.ts'
import { uncountedText } from '../../evidence/report/text/words.ts'
import type { Reporter } from '../../launcher/console/reporter.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import { registry } from '../../schemas/registry.ts'
import type { FailureKind, RejectionReason } from '../../schemas/row.ts'
import type { Score, Tally } from '../../schemas/score.ts'

type Names = keyof typeof registry
type Formatter = { [N in Names]?: (payload: PayloadOf<(typeof registry)[N]>, reporter: Reporter) => void }

const percent = ({ correct, total }: Tally) => `${Math.round((100 * correct) / Math.max(1, total))} %`
const share = ({ strict, lenient }: Score) =>
  `${percent(strict)} strict, ${percent(lenient)} lenient of ${strict.total}`
const seconds = (value: number) => `${Math.round(value)} s`

/** What a person following a run is told of each message; the rest goes without saying. */
const formatters: Formatter = {
  'run-started': ({ config }, { line }) =>
    line(
      `run ${config.runId}: ${config.attempts} attempts of ${config.rows} rows, seed ${config.seed}, setting ${config.setting}`,
    ),
  decision({ attempt, operation, diagnosis, program, error }, { line }) {
    const [why] = error?.split('\n') ?? []
    if (program && why !== undefined) return line(`attempt ${attempt}: its program failed: ${why}`)
    const text = diagnosis.replaceAll(/\s+/g, ' ')
    line(attempt === 0 ? `control: ${text}` : `attempt ${attempt} (${operation}): ${text}`)
    if (why !== undefined) line(`  no program came of it: ${why}`)
  },
  verdict({ attempt, round, rows, bySource, failures = {}, refusals = {} }, { line }) {
    const asked = Object.values(bySource).reduce((sum, source) => sum + source.asked, 0)
    const admitted = Object.values(bySource).reduce((sum, source) => sum + source.admitted, 0)
    line(
      `  ${attempt === 0 ? 'control' : `attempt ${attempt}`}, round ${round}: ${admitted} of ${asked} candidates admitted, ${rows} rows`,
    )
    for (const [source, kinds] of Object.entries(failures)) {
      for (const [kind, reason] of Object.entries(kinds)) {
        line(
          `    ${source}: no row of ${bySource[source]?.failed?.[kind as FailureKind] ?? 0} (${kind}), for example: ${reason}`,
        )
      }
    }
    for (const [source, reasons] of Object.entries(refusals)) {
      for (const [reason, example] of Object.entries(reasons)) {
        const count = bySource[source]?.rejected[reason as RejectionReason] ?? 0
        line(`    ${source}: ${count} refused as ${reason}, for example: ${example}`)
      }
    }
  },
  job: ({ studentModel, training }, { line }) =>
    line(`  ${studentModel}: ${training ? 'training, then ' : ''}answering the validation questions`),
  progress({ phase, studentModel, done, total, loss, tokensPerSecond, etaSeconds, detail }, { line, progress }) {
    if (detail !== undefined) return line(`  ${detail}`)
    progress(
      `${phase} ${studentModel ?? ''}`,
      done,
      total,
      [
        loss === undefined ? '' : `loss ${loss.toFixed(3)}`,
        tokensPerSecond === undefined ? '' : `${Math.round(tokensPerSecond)} tokens/s`,
        etaSeconds === undefined ? '' : `${seconds(etaSeconds)} left`,
      ]
        .filter(Boolean)
        .join(', '),
    )
  },
  predictions({ tokensUncounted, examplesLeftOut }, { line }) {
    if (tokensUncounted !== undefined) line(`  ${uncountedText(tokensUncounted)}`)
    if (examplesLeftOut !== undefined) line(`  no base-examples: ${examplesLeftOut}`)
  },
  report: ({ studentModel, validation, training, reusedTraining, shownAs }, { line }) =>
    line(
      `  ${studentModel.name}: ${shownAs === undefined ? `${share(validation.overall)} on validation` : `not above ${shownAs} by more than chance, and told as that one`}` +
        (training
          ? `; trained on ${training.rows} rows${training.leftOut > 0 ? ` (${training.leftOut} were too long)` : ''} in ${seconds(training.seconds)}${reusedTraining ? ' (earlier: not trained again)' : ''}`
          : ''),
    ),
  'final-eval-request'({ studentModels, arms }, { line }) {
    for (const { arm, leftOut, sameAs } of arms) {
      if (leftOut !== null) line(`  no ${arm}: ${leftOut}`)
      if (sameAs !== null) line(`  ${arm} has the dataset of ${sameAs}: one training, one result`)
    }
    line(`opening the sealed test for ${studentModels.map((studentModel) => studentModel.name).join(', ')}`)
  },
  'final-eval-results'({ finalEvalNumber, results }, { line }) {
    line(`the test was opened (opening ${finalEvalNumber} of this test)`)
    for (const { studentModel, evalSet, sheet } of results)
      line(`  ${studentModel.name} on the ${evalSet}: ${share(sheet.overall)}`)
  },
  'status-changed': ({ status, reason, fix }, { line }) =>
    line(`run is ${status}: ${reason}${fix ? `\n  ${fix}` : ''}`),
}

/** Tells one message of the log. */
export function progressLine(entry: LogEntry, reporter: Reporter): void {
  reporter.json({
    type: 'message',
    seq: entry.seq,
    at: entry.at,
    name: entry.name,
    from: entry.from,
    id: entry.id,
    payload: entry.payload,
  })
  const definition = registry[entry.name as Names]
  const parsed = definition?.schema.safeParse(entry.payload)
  if (!parsed?.success) return
  const formatter = formatters[entry.name as Names] as ((payload: unknown, reporter: Reporter) => void) | undefined
  formatter?.(parsed.data, reporter)
}
