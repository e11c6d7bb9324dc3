import { z } from 'zod'
import { loadsPythonJson } from '../python-literal/mod.ts'
import { pythonRepr } from '../python-literal/value.ts'
import type { BenchmarkMode, LineScore } from './benchmark.ts'
import { scoreCruxeval } from './cruxeval.ts'
import { scoreFinanceReasoning } from './financereasoning.ts'
import { scoreGsm8k } from './gsm8k.ts'
import { scoreLivecodebenchTop } from './livecodebench-top.ts'
import { readScibenchGold, scoreScibench } from './scibench.ts'
import type { Scorer } from './scorer.ts'
import { scoreSvamp } from './svamp.ts'

/** Scores a reply against a gold that is one text. */
type PlainScore = (response: string, gold: string, mode: BenchmarkMode) => LineScore

const NoOptions = z.strictObject({})

/**
 * A benchmark's scorer as a task names it: `strict` is the official verdict, `lenient` the normalised one. A reply that is
 * only right in the second way says so.
 */
function taskScorer(name: string, score: PlainScore, inForm: (answer: string) => string): Scorer {
  return {
    name,
    options: NoOptions,
    score(response, gold) {
      const official = score(response, gold, 'official')
      const normalised = score(response, gold, 'normalised')
      const extracted = official.extracted ?? normalised.extracted
      const reason = normalised.correct && !official.correct ? `normalised only: ${official.reason}` : official.reason
      return { strict: official.correct, lenient: normalised.correct, extracted, reason }
    },
    inForm,
  }
}

/** The benchmarks' scorers as an imported task names them; each gold is the one text that the importer writes. */
export const benchmarkScorers: readonly Scorer[] = [
  taskScorer(
    'scibench',
    (response, gold, mode) => scoreScibench({ response, ...readScibenchGold(gold) }, mode),
    (answer) => `The answer is therefore \\boxed{${answer}}.`,
  ),
  taskScorer(
    'livecodebench-top',
    (response, gold, mode) => scoreLivecodebenchTop({ response, expected_output: gold }, mode),
    (answer) => `\`\`\`python\nassert f() == ${asPython(answer)}\n\`\`\``,
  ),
  taskScorer(
    'financereasoning',
    (response, gold, mode) => scoreFinanceReasoning({ response, gold }, mode),
    (answer) => `Therefore, the answer is ${answer}.`,
  ),
  taskScorer(
    'cruxeval',
    (response, gold, mode) => scoreCruxeval({ response, gold }, mode),
    (answer) => `[ANSWER]${answer}[/ANSWER]`,
  ),
  taskScorer(
    'gsm8k',
    (response, gold, mode) => scoreGsm8k({ response, gold }, mode),
    (answer) => `#### ${answer}`,
  ),
  taskScorer(
    'svamp',
    (response, gold, mode) => scoreSvamp({ response, gold }, mode),
    (answer) => `The answer is ${answer}.`,
  ),
]

/** JSON text as the Python literal of the same value; a text that is no JSON stays as it is. */
function asPython(json: string): string {
  const value = loadsPythonJson(json)
  return value.ok ? pythonRepr(value.value) : json
}
