import { expect, test } from 'vitest'
import { withLatexEscaped } from '../../agents/kit/latex-escapes.ts'

const read = (json: string) => JSON.parse(withLatexEscaped(json)) as unknown

test.each([
  [String.raw`"\boxed{4}"`, String.raw`\boxed{4}`],
  [String.raw`"\frac{1}{2} \times \text{cm} \rho \theta"`, String.raw`\frac{1}{2} \times \text{cm} \rho \theta`],
  [String.raw`"\(x\) \$5 \sqrt{2}"`, String.raw`\(x\) \$5 \sqrt{2}`],
])('backslashes that a model forgot to double are its LaTeX: %s', (json, text) => {
  expect(read(json)).toBe(text)
})

test.each([
  String.raw`\boxed{4} \\ \times`,
  'a line\nnext\tcolumn\r\nand "quotes" / é \u2028',
  String.raw`C:\temp\new`,
  '\ttotal\nnot',
])('JSON that is right stays as it is: %s', (text) => {
  expect(read(JSON.stringify(text))).toBe(text)
})
