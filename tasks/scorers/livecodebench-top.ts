import { z } from 'zod'
import {
  builtinNames,
  evalNode,
  evalPython,
  loadsPythonJson,
  type PyResult,
  type PyValue,
  pyEquals,
} from '../python-literal/mod.ts'
import { type BenchmarkMode, type BenchmarkScorer, type LineScore, OptionalText, right, wrong } from './benchmark.ts'
import { givesGold, readValueLoosely } from './loose-value.ts'
import { extractTestOutput, readAssertion, selectStatement } from './test-output-reply.ts'

const JsonText = z.unknown().transform((value) => (typeof value === 'string' ? value : JSON.stringify(value)))

/**
 * `expected_output` (or `gold`) is the test's output as JSON text. `response` is a whole reply; a line with `prediction`
 * carries the assertion or value as upstream's extraction left it, and `response` is not read.
 */
export const LivecodebenchTopLine = z
  .looseObject({
    response: OptionalText,
    prediction: OptionalText,
    expected_output: JsonText.optional(),
    gold: JsonText.optional(),
  })
  .refine((line) => line.prediction !== undefined || line.response !== undefined, 'needs response or prediction')
  .refine((line) => (line.expected_output ?? line.gold) !== undefined, 'needs expected_output or gold')
export type LivecodebenchTopLine = z.infer<typeof LivecodebenchTopLine>

/** What upstream's `eval` can see beside Python's own names. */
const scope: ReadonlySet<string> = new Set([
  ...builtinNames,
  ...['ast', 'json', 'tqdm', 'compute_metrics_from_results', 'parse_assert_statement', 'check_testcase_output'],
  ...['test_output_metrics', 'testcase_str', 'expected_output', 'testcase_output_str', 'global_result', 'line'],
])

/** Scores a reply that completes `assert f(...) == `. */
export function scoreLivecodebenchTop(line: LivecodebenchTopLine, mode: BenchmarkMode): LineScore {
  const expected = loadsPythonJson(line.expected_output ?? line.gold ?? '')
  if (!expected.ok) return wrong(null, 'gold-not-json')
  if (mode === 'normalised') return scoreNormalised(line.prediction ?? line.response ?? '', expected.value)
  return scoreOfficial(line.prediction ?? extractTestOutput(line.response ?? ''), expected.value)
}

export const livecodebenchTop: BenchmarkScorer<LivecodebenchTopLine> = {
  line: LivecodebenchTopLine,
  score: scoreLivecodebenchTop,
}

function scoreOfficial(text: string, expected: PyValue): LineScore {
  const statement = selectStatement(text)
  if (statement === '') return wrong(null, 'no-answer')
  if (!statement.includes('assert')) return compare(statement, evalPython(statement, scope), expected)
  const assertion = readAssertion(statement)
  if (!assertion.ok) return wrong(null, assertion.reason)
  return compare(assertion.source(assertion.right), evalNode(assertion.right, scope), expected)
}

function compare(text: string, result: PyResult<PyValue>, expected: PyValue): LineScore {
  if (!result.ok) return wrong(text, reasonOf(result.kind))
  return pyEquals(result.value, expected) ? right(text) : wrong(text, 'different')
}

function reasonOf(kind: Extract<PyResult<PyValue>, { ok: false }>['kind']): string {
  switch (kind) {
    case 'unsupported':
      return 'unsupported-expression'
    case 'syntax':
    case 'too-deep':
      return 'invalid-syntax'
    case 'name':
      return 'undefined-name'
    case 'type':
    case 'value':
    case 'zero-division':
    case 'overflow':
      return 'evaluation-error'
    default:
      throw kind satisfies never
  }
}

/** Wherever the value stands, in Python's spelling or JSON's; a tuple is a list, and floats may differ by rounding. */
function scoreNormalised(reply: string, expected: PyValue): LineScore {
  const answer = readValueLoosely(reply)
  if (answer === null) return wrong(null, 'no-answer')
  return givesGold(answer, expected) ? right(answer.text) : wrong(answer.text, 'different')
}
