import { z } from 'zod'
import { reasonOf } from '../../schemas/user-error.ts'
import { bestLineScore, linePerGold } from './any-gold.ts'
import { type BenchmarkMode, type BenchmarkScorer, type CheckedLineScore, GoldText, ReplyText } from './benchmark.ts'
import { cruxeval } from './cruxeval.ts'
import { financereasoning } from './financereasoning.ts'
import { gsm8k } from './gsm8k.ts'
import { livecodebenchTop } from './livecodebench-top.ts'
import { scorerNamed, scorerNames } from './mod.ts'
import { scibench } from './scibench.ts'
import type { Scorer, ScorerOptions } from './scorer.ts'
import type { Script } from './script.ts'
import { svamp } from './svamp.ts'

/** Scores one parsed line of a results file; `invalid` says what the line lacks. */
export type LineScorer = (line: unknown, mode: BenchmarkMode) => CheckedLineScore
/** As `LineScorer`, for a scorer that runs in a thread of its own. */
export type ScriptLineScorer = (line: unknown, mode: BenchmarkMode) => Promise<CheckedLineScore>
/** Every scorer that reads the lines of a benchmark, by the name a person types. */
const benchmarks: Readonly<Record<string, LineScorer>> = {
  scibench: lineScorer(scibench),
  'livecodebench-top': lineScorer(livecodebenchTop),
  financereasoning: lineScorer(financereasoning),
  cruxeval: lineScorer(cruxeval),
  gsm8k: lineScorer(gsm8k),
  svamp: lineScorer(svamp),
}

/** The names that `lineScorerNamed` knows. */
export const lineScorerNames = (): string[] => [...new Set([...Object.keys(benchmarks), ...scorerNames])]

/**
 * The line scorer of a benchmark, or of a task scorer (then a line carries `response` and `gold`, `official` is its strict
 * form and `normalised` its lenient one). A line may list several golds as `golds`. Undefined for an unknown name. Throws on options that
 * the scorer does not know.
 */
export async function lineScorerNamed(name: string, options: ScorerOptions = {}): Promise<LineScorer | undefined> {
  const scorer = await scorerNamed(name)
  const score = Object.hasOwn(benchmarks, name)
    ? benchmarks[name]
    : scorer && taskLineScorer(scorer, scorer.options.parse(options))
  return (
    score &&
    ((line, mode) => {
      const lines = linePerGold(line)
      return 'invalid' in lines ? lines : bestLineScore(lines.map((each) => score(each, mode)))
    })
  )
}

/**
 * The line scorer of a script: a line carries `response` and `gold`, and is the script's `item` with `gold` as its answer.
 * Both modes are the script's verdict.
 */
export function scriptLineScorer(script: Script): ScriptLineScorer {
  const scoreOne = async (line: unknown): Promise<CheckedLineScore> => {
    const parsed = TaskLine.safeParse(line)
    if (!parsed.success) return { invalid: firstIssue(parsed.error, line) }
    const { response, gold, ...item } = parsed.data
    const { strict, extracted, reason } = await script.score(response, { ...item, answer: gold })
    return { correct: strict, extracted, reason }
  }
  return async (line) => {
    const lines = linePerGold(line)
    return 'invalid' in lines ? lines : bestLineScore(await Promise.all(lines.map(scoreOne)))
  }
}

function lineScorer<Line>(scorer: BenchmarkScorer<Line>): LineScorer {
  return (line, mode) => {
    const parsed = scorer.line.safeParse(line)
    return parsed.success ? scorer.score(parsed.data, mode) : { invalid: firstIssue(parsed.error, line) }
  }
}

const TaskLine = z.looseObject({
  response: ReplyText,
  gold: z.union([GoldText, z.boolean().transform(String)], 'must be a text, a number or a truth value'),
})

function taskLineScorer(scorer: Scorer, options: ScorerOptions): LineScorer {
  return (line, mode) => {
    const parsed = TaskLine.safeParse(line)
    if (!parsed.success) return { invalid: firstIssue(parsed.error, line) }
    try {
      const { strict, lenient, extracted, reason } = scorer.score(parsed.data.response, parsed.data.gold, options)
      return { correct: mode === 'official' ? strict : lenient, extracted, reason }
    } catch (error) {
      return { invalid: reasonOf(error) }
    }
  }
}

function firstIssue(error: z.ZodError, line: unknown): string {
  const { path, message } = error.issues[0]!
  const [field] = path.map(String)
  if (field === undefined) return message
  return Object.hasOwn(line as object, field) ? `${field} ${message}` : `${field} is missing`
}
