import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { objectAt } from '../../../tasks/reply/relaxed-json.ts'

const readAll = (json: string) => objectAt(json, 0, { left: json.length })?.value
/** A string of JSON, as it is read in a row. */
const read = (string: string) => readAll(`{"a": ${string}}`)?.a

const words =
  String.raw`\neq 3|\nu = 2|\to 0|\rightarrow B|\textbf{bold}|\texttt{x}|\tanh x|\rho = 1|\times 2|\frac{1}{2}|\boxed{4}|\beta|\theta|\text{cm}|\ne 5|\nolimits|\not= 1|\rightleftharpoons C|\top|\tfrac{1}{2}|\underline{a}|\upsilon|\binom{3}{2}|\bar{x}|\notin S|\ni x|\ngeq 2|\triangleq|\right)|\neg p|\newline|\rm kg|\nabla f|\forall x|\flat|\bmod 5|\begin{cases}|\tan x|\tau|\rangle|\rfloor|\nmid b|\text{if }|\tilde x|\bot|\tr(A)|\rank(A)|\alpha|\sqrt{2}|\uparrow|\unlhd`.split(
    '|',
  )

test.each(words)('a backslash that a model forgot to double stays, in mathematics: %s', (word) => {
  for (const text of [`Let $x ${word}$ be given.`, `so \\(x ${word}\\) holds`, `\\[ x ${word} \\]`, `$$${word}$$`]) {
    expect(read(`"${text}"`)).toBe(text)
  }
})

/** Those whose rest is a word or a name of a variable, so that outside mathematics a line may begin with it. */
const needsMathematics = /^\\(tr|rank)\b/

test.each(words.filter((word) => !needsMathematics.test(word)))('and outside it: %s', (word) => {
  for (const text of [`5 ${word} and so on`, String.raw`so x ${word} is \boxed{4}`, `a ${word}\nnext line`]) {
    expect(read(`"${text.replaceAll('\n', '\\n')}"`)).toBe(text)
  }
})

test.each(words)('JSON that is right stays as it is: %s', (word) => {
  const text = `Let $x ${word}$ be given.\n\tnu\r\nto ${word}`
  expect(read(JSON.stringify(text))).toBe(text)
})

test.each([
  [String.raw`"\boxed{4}"`, String.raw`\boxed{4}`],
  [String.raw`"\frac{1}{2} \times \text{cm} \rho \theta"`, String.raw`\frac{1}{2} \times \text{cm} \rho \theta`],
  [String.raw`"\(x\) \$5 \sqrt{2}"`, String.raw`\(x\) \$5 \sqrt{2}`],
  [
    'lines between it',
    String.raw`"First $a \neq b$.\nu is $\nu$, and\n\nso \boxed{3}\nand"`,
    'First $a \\neq b$.\nu is $\\nu$, and\n\nso \\boxed{3}\nand',
  ],
  [
    'a matrix',
    String.raw`"\[\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}\]"`,
    String.raw`\[\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}\]`,
  ],
  [
    'prices beside it',
    String.raw`"It costs $5 and\nu pays $3 \times 2 = $6"`,
    'It costs $5 and\nu pays $3 \\times 2 = $6',
  ],
  ['an apostrophe', String.raw`"it\'s"`, "it's"],
  ['both ways of writing', String.raw`"$\\frac{1}{2} \times 3$"`, String.raw`$\frac{1}{2} \times 3$`],
])('backslashes that a model forgot to double: %s', (...[json, text, last]: string[]) => {
  expect(read(last === undefined ? json! : text!)).toBe(last ?? text)
})

test.each([
  String.raw`\boxed{4} \\ \times`,
  'a line\nnext\tcolumn\r\nand "quotes" / é \u2028',
  String.raw`C:\temp\new`,
  '\ttotal\nnot',
  'The table is:\nitem\tau price\tan amount\n7\text',
  'Line one\nnext line\nu is a user\r\nright\tthe rest. 3 times \\boxed{15}.',
  'import sympy\nx = 3\neq = x\nto = [eq]\nu = 4\n\ti = 5\n\ttop = 6\nnot x\nmid = 7',
  '$$\nu = mc^2\n$$\n\\[\ne = mc^2\n\\]',
  '\\begin{align}\na &= b \\\\\nu &= v\n\\end{align}',
  'Price in $\tau in %\n$5\text\n$6\tan',
  'page one\fpage two\b',
  '```\nnum = 3\n```\nfoo(\nnode,\n[\nnull,\n{\nnot x <br>\nnot y |\nu | v',
  'u {\n\tcolor: red;\n}\ni { x }',
  ['a = $`', '{u}`;\n\tto(`$', '{i}`)'].join(''),
])('JSON of text, code, tables and LaTeX that is right stays as it is: %j', (text) => {
  expect(read(JSON.stringify(text))).toBe(text)
})

test('the source code of this repository stays as it is', () => {
  const folder = join(import.meta.dirname, '../../..')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(ts|mjs|md|py|json|yaml)$/.test(path) && !/node_modules|^\.|generated/.test(path))
    .map((path) => readFileSync(join(folder, path), 'utf8'))
  const tabbed = files.map((text) => text.replaceAll(/ {2}/g, '\t'))
  for (const text of [...files, ...tabbed]) {
    const lines = text.split('\n')
    for (let at = 0; at < lines.length; at += 40) {
      const chunk = lines.slice(at, at + 40).join('\n')
      expect(readAll(JSON.stringify({ chunk }))).toEqual({ chunk })
    }
  }
})

test('a writer of patterns and code forgets backslashes too', () => {
  expect(read(String.raw`"re.findall('\b\d+\b', s)"`)).toBe(String.raw`re.findall('\b\d+\b', s)`)
  const code = String.raw`"from re.split('\d+'):\nnum = foo(\nnode)\n<br>\nnot x, and \frac{\nu}{2^\nu}"`
  expect(read(code)).toBe("from re.split('\\d+'):\nnum = foo(\nnode)\n<br>\nnot x, and \\frac{\\nu}{2^\\nu}")
})
