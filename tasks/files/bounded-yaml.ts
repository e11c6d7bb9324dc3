import { Lexer, LineCounter, Parser, parseDocument } from 'yaml'
import { maxForeignDepth } from '../../schemas/bounded-json.ts'

/** What a YAML (or JSON) document that a person wrote may hold at most: a task, a program, a topology, a recipe. */
export type YamlBounds = {
  maxChars: number
  maxDepth: number
  /** Marks, texts and blanks between them. */
  maxTokens: number
  /** Keys of one mapping: the parser compares each with every other. */
  maxKeys: number
  /** Values once every alias is filled in. */
  maxValues: number
}

const defaultBounds: YamlBounds = {
  maxChars: 4 * 1024 ** 2,
  maxDepth: maxForeignDepth,
  maxTokens: 400_000,
  maxKeys: 2000,
  maxValues: 400_000,
}

/** A text that is no YAML document, or one beyond the bounds. The message says where and why, on one line. */
export class YamlError extends SyntaxError {
  override readonly name = 'YamlError'
}

/**
 * Reads one YAML document that nobody vouches for. The library goes down one call for each level, and where it runs out of stack it can
 * end the whole process, so the document is measured by its tokens first.
 *
 * @throws {YamlError}
 */
export function parseYaml(text: string, bounds: Partial<YamlBounds> = {}): unknown {
  const all = { ...defaultBounds, ...bounds }
  checkTokens(text, all)
  const lineCounter = new LineCounter()
  // Each fault shown with its place costs as much as the text is long, and one is enough.
  const document = parseDocument(text, { lineCounter, prettyErrors: false, logLevel: 'error' })
  const [fault] = document.errors
  if (fault) throw new YamlError(`${fault.message} at ${placeAt(lineCounter, fault.pos[0])}`)
  const value = filledIn(document)
  checkValue(value, all)
  return value
}

const placeAt = (lines: LineCounter, offset: number): string => {
  const { line, col } = lines.linePos(offset)
  return `line ${line}, column ${col}`
}

function checkTokens(text: string, { maxChars, maxDepth, maxTokens, maxKeys }: YamlBounds): void {
  if (text.length > maxChars) throw new YamlError(`it has ${text.length} characters, and may have ${maxChars}`)
  const lines = new LineCounter()
  lines.addNewLine(0)
  const parser = new Parser(lines.addNewLine)
  const refuse = (what: string): never => {
    throw new YamlError(`${what} at ${placeAt(lines, parser.offset)}`)
  }
  let tokens = 0
  for (const token of new Lexer().lex(text)) {
    if (++tokens > maxTokens) refuse(`it has more than ${maxTokens} tokens`)
    for (const _ of parser.next(token));
    // The document itself is the first on the stack, the token being read the last.
    if (parser.stack.length > maxDepth + 2) refuse(`it nests deeper than ${maxDepth} levels`)
    const open = parser.stack.at(-1)
    const isMapping = open?.type === 'block-map' || (open?.type === 'flow-collection' && open.start.source === '{')
    if (isMapping && open.items.length > maxKeys) refuse(`it has a mapping of more than ${maxKeys} keys`)
  }
}

function filledIn(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS()
  } catch (error) {
    // An alias that nothing is named by, or so many inside one another that they would fill the memory.
    throw new YamlError((error as Error).message, { cause: error })
  }
}

/** An alias inside what it stands for makes a value without an end, and a few aliases of one large list a value that is too large. */
function checkValue(whole: unknown, { maxDepth, maxValues }: YamlBounds): void {
  const open = [{ value: whole, depth: 0 }]
  let values = 0
  for (let next = open.pop(); next; next = open.pop()) {
    if (++values > maxValues) throw new YamlError(`it holds more than ${maxValues} values`)
    const { value, depth } = next
    if (typeof value !== 'object' || value === null) continue
    if (depth >= maxDepth) throw new YamlError(`it nests deeper than ${maxDepth} levels`)
    for (const inner of Object.values(value)) open.push({ value: inner, depth: depth + 1 })
  }
}
