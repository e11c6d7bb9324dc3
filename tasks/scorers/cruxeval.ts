import { z } from 'zod'
import { builtinNames, evalNode, evalValue, isTruthy, parsePython, pythonStrip } from '../python-literal/mod.ts'
import { type BenchmarkMode, type BenchmarkScorer, type LineScore, OptionalText, right, wrong } from './benchmark.ts'
import { givesGold, readValueLoosely } from './loose-value.ts'

/**
 * CRUXEval's output prediction. `gold` is `output`; `input` and `code` are the record's, where the line carries them.
 * `response` is a reply; a line with `prediction` carries what upstream's extraction left of it.
 */
export const CruxevalLine = z
  .looseObject({
    response: OptionalText,
    prediction: OptionalText,
    gold: z.string('must be a text'),
    input: OptionalText,
    code: OptionalText,
  })
  .refine((line) => line.prediction !== undefined || line.response !== undefined, 'needs response or prediction')
export type CruxevalLine = z.infer<typeof CruxevalLine>

/** Scores the predicted output of a function call. */
export function scoreCruxeval(line: CruxevalLine, mode: BenchmarkMode): LineScore {
  return mode === 'official' ? scoreOfficial(line) : scoreNormalised(line)
}

export const cruxeval: BenchmarkScorer<CruxevalLine> = { line: CruxevalLine, score: scoreCruxeval }

/** Upstream runs the code and then `assert {output} == {generation}`; the text is inserted as it is. */
function scoreOfficial(line: CruxevalLine): LineScore {
  const text = line.prediction ?? extractOutput(line.response ?? '')
  if (text === '') return wrong(null, 'no-answer')
  if (typeof line.input === 'string' && text.includes(`f(${line.input})`)) return wrong(text, 'calls-the-function')
  const program = parsePython(`assert ${line.gold} == ${text}`)
  if (!program.ok) return wrong(text, program.kind === 'unsupported' ? 'unsupported-expression' : 'invalid-syntax')
  const scope = new Set([...builtinNames, 'f', ...(line.code?.match(/[A-Za-z_]\w*/g) ?? [])])
  for (const statement of program.value) {
    if (statement.kind === 'pass') continue
    if (statement.kind === 'other') return wrong(text, 'unsupported-expression')
    const result = evalNode(statement.kind === 'assert' ? statement.test : statement.node, scope)
    if (!result.ok) return wrong(text, result.kind === 'unsupported' ? 'unsupported-expression' : 'evaluation-error')
    if (statement.kind === 'assert' && !isTruthy(result.value)) return wrong(text, 'different')
  }
  return right(text)
}

/** What stands in the answer tags, or all; after its first `==`, up to the next. */
function extractOutput(response: string): string {
  const tagged = response.split('[ANSWER]', 2)[1] ?? response
  const answer = tagged.split('[/ANSWER]', 1)[0]!
  return pythonStrip(answer.split('==', 2)[1] ?? answer)
}

function scoreNormalised(line: CruxevalLine): LineScore {
  const gold = evalValue(line.gold)
  if (!gold.ok) return wrong(null, 'gold-not-a-literal')
  const reply = line.prediction ?? line.response ?? ''
  const answer = readValueLoosely(reply)
  if (answer === null) return wrong(null, 'no-answer')
  return givesGold(answer, gold.value) ? right(answer.text) : wrong(answer.text, 'different')
}
