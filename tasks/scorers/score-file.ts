import { LineWriter } from '../files/line-writer.ts'
import { parsePythonJson } from '../files/parse-json.ts'
import { readLines } from '../files/read-lines.ts'
import { stageFile } from '../staged-file.ts'
import type { BenchmarkMode } from './benchmark.ts'
import type { LineScorer, ScriptLineScorer } from './line-scorers.ts'

/** What scoring a file found. `bad` lists the first lines that could not be scored; `badCount` counts them all. */
export type ScoreSummary = {
  scored: number
  correct: number
  reasons: Map<string, number>
  badCount: number
  bad: { line: number; why: string }[]
}

const maxListed = 20
const added = ['correct', 'extracted', 'reason'] as const

/**
 * Scores each line of a JSON Lines file and writes the scorable ones, in order, with `correct`, `extracted` and `reason`
 * added. Constant memory. The output appears whole or not at all: it is written beside its place and renamed.
 * @throws what the file system says
 */
export async function scoreFile(
  input: string,
  output: string,
  score: LineScorer | ScriptLineScorer,
  mode: BenchmarkMode,
): Promise<ScoreSummary> {
  const summary: ScoreSummary = { scored: 0, correct: 0, reasons: new Map(), badCount: 0, bad: [] }
  await using staged = await stageFile(output)
  const file = new LineWriter(staged.path)
  try {
    for await (const line of readLines(input)) {
      if ('text' in line && line.text.trim() === '') continue
      const result = 'text' in line ? await scoreLine(line.text, score, mode) : { why: line.problem }
      if ('why' in result) {
        summary.badCount += 1
        if (summary.bad.length < maxListed) summary.bad.push({ line: line.number, why: result.why })
        continue
      }
      summary.scored += 1
      if (result.graded.correct) summary.correct += 1
      summary.reasons.set(result.graded.reason, (summary.reasons.get(result.graded.reason) ?? 0) + 1)
      await file.write(result.line)
    }
    await file.close()
    await staged.keep()
  } catch (error) {
    file.destroy()
    throw error
  }
  return summary
}

type Scored = { line: string; graded: { correct: boolean; extracted: string | null; reason: string } }

async function scoreLine(
  text: string,
  score: LineScorer | ScriptLineScorer,
  mode: BenchmarkMode,
): Promise<Scored | { why: string }> {
  let row: unknown
  try {
    row = parsePythonJson(text)
  } catch {
    return { why: 'not JSON' }
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return { why: 'not a JSON object' }
  const graded = await score(row, mode)
  if ('invalid' in graded) return { why: graded.invalid }
  const { correct, extracted, reason } = graded
  const lineText = JSON.stringify({ correct, extracted, reason })
  // The line's own text is kept: parsing and printing it again would change long integers and NaN.
  const body = text.trim().slice(0, -1).trimEnd()
  const line = added.some((key) => Object.hasOwn(row, key))
    ? JSON.stringify({ ...row, correct, extracted, reason })
    : `${body}${body === '{' ? '' : ', '}${lineText.slice(1)}`
  return { line, graded }
}
