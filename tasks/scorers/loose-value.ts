import { evalNode, evalPython, loadsPythonJson, type PyValue } from '../python-literal/mod.ts'
import { finalAnswer, statedAnswer } from './final-answer.ts'
import { readAssertion } from './test-output-reply.ts'
import { trimMarks } from './trim-marks.ts'

const maxCandidates = 50
/** No answer to such a question is longer. */
const maxChars = 100_000

/**
 * The value that a reply gives for an expression, wherever it stands: the operand of its last assertion that can be read
 * (on either side), a fenced block, a last line, what follows "answer is", what the last line says that something is. An assertion that denies a value gives none. In Python's spelling or JSON's. Linear.
 */
export function readValueLoosely(reply: string): { value: PyValue; text: string } | null {
  const lines = reply.split(/\r?\n/)
  const assertions = lines.filter((line) => line.length <= maxChars && line.includes('assert')).slice(-maxCandidates)
  for (const line of assertions.reverse()) {
    const statement = trimMarks(line.slice(line.indexOf('assert')), '`*.', { start: false })
    const assertion = readAssertion(statement)
    const answer = assertion.ok ? operandOf(assertion) : null
    if (answer !== null) return answer
    const isDenied = !assertion.ok && assertion.reason === 'not-an-equality' && statement.includes('!=')
    if (isDenied) return null
  }
  const lastLine = lines.findLast((line) => line.trim() !== '') ?? ''
  // The last number of an assertion that cannot be read is not its value.
  const fallback = assertions.length === 0 ? finalAnswer(reply) : null
  for (const text of [fencedBlock(lines), lastLine, statedAnswer(reply), ...statedIn(lastLine), fallback, reply]) {
    const answer = text === null ? null : readValue(text)
    if (answer !== null) return answer
  }
  return null
}

const maxStatedChars = 10_000
const statement =
  /==?|[:→⇒#]|->|\[ANSWER\]|<answer>|\b(?:is|are|be|as|to|return|returns|returned|outputs?|gives|yields|equals)\b/gi
const closing = /(?:\[\/ANSWER\]|<\/answer>)\s*$/i

/** What a line says that something is, the longest such text first: "f(1) == 5", "Output: [1, 2]", "it returns True". */
function* statedIn(line: string): Generator<string> {
  const text = line.slice(0, maxStatedChars).replace(closing, '')
  let count = 0
  for (const { index, 0: word } of text.matchAll(statement)) {
    count += 1
    if (count > maxCandidates) return
    yield text.slice(index + word.length)
  }
}

type Equality = Extract<ReturnType<typeof readAssertion>, { ok: true }>

function operandOf(assertion: Equality): { value: PyValue; text: string } | null {
  for (const node of [assertion.right, assertion.left]) {
    const result = evalNode(node)
    const text = assertion.source(node)
    if (result.ok) return { value: result.value, text }
    const json = loadsPythonJson(text)
    if (json.ok) return { value: json.value, text }
  }
  return null
}

function fencedBlock(lines: string[]): string | null {
  const close = lines.findLastIndex((line) => line.startsWith('```'))
  const open = lines.findLastIndex((line, index) => index < close && line.startsWith('```'))
  return open < 0 ? null : lines.slice(open + 1, close).join('\n')
}

/** A value alone in a text, quoted or set as code. */
function readValue(text: string): { value: PyValue; text: string } | null {
  if (text.length > maxChars) return null
  const bare = trimMarks(trimMarks(text, '`*'), '`*.', { start: false })
  if (bare === '') return null
  const result = evalPython(bare)
  if (result.ok) return { value: result.value, text: bare }
  const json = loadsPythonJson(bare)
  return json.ok ? { value: json.value, text: bare } : null
}
