import { access } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { plural } from '../schemas/number-text.ts'
import { printableJson } from '../schemas/printable.ts'
import { ScorerChoice } from '../schemas/task.ts'
import { UsageError } from '../schemas/user-error.ts'
import { readNamedFile } from '../tasks/files/read-named-file.ts'
import type { BenchmarkMode } from '../tasks/scorers/benchmark.ts'
import {
  type LineScorer,
  lineScorerNamed,
  lineScorerNames,
  type ScriptLineScorer,
  scriptLineScorer,
} from '../tasks/scorers/line-scorers.ts'
import { type ScoreSummary, scoreFile } from '../tasks/scorers/score-file.ts'
import { openScript, type Script } from '../tasks/scorers/script.ts'

/** `in` and `out`: JSON Lines files. `options`: those of the scorer, as JSON text. */
type ScoreOptions = { json: boolean; scorer: string; mode: BenchmarkMode; in: string; out: string; options?: string }

/**
 * Scores the replies of a file, writes the scored lines beside them, and prints how many are right.
 * @throws UsageError for a scorer or a path that cannot be used, and where no line could be scored
 */
export async function scoreReplies(options: ScoreOptions): Promise<void> {
  const scorer = await scorerFor(options)
  await checkPaths(options)
  const { json, mode, out } = options
  const summary = await scoreFile(options.in, out, scorer, mode)
  const { reasons, ...counts } = summary
  if (json) console.log(printableJson({ ...counts, reasons: Object.fromEntries(reasons), mode, out }))
  else for (const line of describe(summary, options)) console.log(line)
  if (summary.scored === 0) {
    throw new UsageError(
      `No line of ${options.in} could be scored.`,
      `Lines need what the ${options.scorer} scorer reads: see docs/scorers.md.`,
    )
  }
}

async function scorerFor({ scorer: name, options = '{}' }: ScoreOptions): Promise<LineScorer | ScriptLineScorer> {
  const source = name.endsWith('.js')
    ? await readNamedFile(name, 'script', 'Give --scorer the path of a JavaScript file.')
    : undefined
  let scorer: LineScorer | Script | undefined
  try {
    const parsed = ScorerChoice.shape.options.parse(JSON.parse(options))
    scorer = source === undefined ? await lineScorerNamed(name, parsed) : openScript(source, parsed)
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message
    throw new UsageError(
      `The options of scorer ${name} do not parse: ${why}`,
      'Give --options a JSON object of texts, numbers and truth values.',
    )
  }
  if (scorer === undefined) {
    const known = `Known scorers: ${lineScorerNames().join(', ')}; or name a file that ends in .js.`
    throw new UsageError(`There is no scorer named ${name}.`, known)
  }
  if (typeof scorer === 'function') return scorer
  const fault = await scorer.fault()
  if (fault === null) return scriptLineScorer(scorer)
  throw new UsageError(`The script ${name} cannot score: ${fault}.`, 'See docs/scorers.md for what it has to hold.')
}

async function checkPaths(options: ScoreOptions): Promise<void> {
  await access(options.in).catch(() => {
    throw new UsageError(`The file ${options.in} cannot be read.`, 'Give --in a JSON Lines file.')
  })
  await access(dirname(options.out)).catch(() => {
    throw new UsageError(`The folder of ${options.out} does not exist.`, 'Create it, or give --out another place.')
  })
}

function describe({ scored, correct, reasons, badCount, bad }: ScoreSummary, { mode, out }: ScoreOptions): string[] {
  const share = scored === 0 ? '' : ` (${((100 * correct) / scored).toFixed(2)} %)`
  const lines = [`${mode}: ${correct} of ${scored} ${plural(scored, 'line')} right${share}: ${out}`]
  for (const [reason, count] of [...reasons].sort(([, a], [, b]) => b - a)) lines.push(`  ${reason}: ${count}`)
  if (badCount > 0) lines.push(`${badCount} ${plural(badCount, 'line')} could not be scored:`)
  for (const { line, why } of bad) lines.push(`  line ${line}: ${why}`)
  if (badCount > bad.length) lines.push(`  and ${badCount - bad.length} more`)
  return lines
}
