import { type PyToken, tokenize } from './tokens.ts'
import { PyError } from './value.ts'

/** Deeper expressions are refused, before the JavaScript stack would be. Brackets alone cannot get there. */
const maxDepth = 500

export class Cursor {
  private readonly tokens: PyToken[]
  private index = 0
  private depth = 0

  constructor(source: string) {
    this.tokens = tokenize(source)
  }

  get token(): PyToken {
    return this.tokens[this.index]!
  }

  /** Where the last token that was taken ended. */
  get lastEnd(): number {
    return this.tokens[this.index - 1]?.end ?? 0
  }

  /** Whether the token `ahead` places on is this operator or keyword. */
  at(text: string, ahead = 0): boolean {
    const token = this.tokens[this.index + ahead]
    return token !== undefined && (token.kind === 'op' || token.kind === 'keyword') && token.text === text
  }

  isName(): boolean {
    return this.token.kind === 'name'
  }

  /** Whether the logical line, or the source, ends here. */
  isLineEnd(): boolean {
    return this.token.kind === 'newline' || this.isEnd()
  }

  isEnd(): boolean {
    return this.token.kind === 'end'
  }

  take(): PyToken {
    const token = this.token
    if (token.kind !== 'end') this.index += 1
    return token
  }

  /** Takes the token if it is this operator or keyword. */
  skip(text: string): boolean {
    if (!this.at(text)) return false
    this.index += 1
    return true
  }

  expect(text: string): void {
    if (!this.skip(text)) throw this.error()
  }

  expectName(): void {
    if (!this.isName()) throw this.error()
    this.index += 1
  }

  error(): PyError {
    return new PyError('syntax', 'invalid syntax')
  }

  nested<T>(parse: () => T): T {
    this.depth += 1
    if (this.depth > maxDepth) throw new PyError('too-deep', 'nested too deeply')
    const result = parse()
    this.depth -= 1
    return result
  }
}
