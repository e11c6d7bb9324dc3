import { evaluate } from './evaluate.ts'
import { loadsJson } from './json.ts'
import { knownTypesOf } from './known-types.ts'
import type { Node, Statement } from './node.ts'
import { parseEval, parseStatements } from './parse-statement.ts'
import { PyError, type PyErrorKind, type PyValue } from './value.ts'

/**
 * Reads Python literals and arithmetic without Python: `eval` of an expression, the statements of an assertion,
 * `json.loads`. Nothing here throws, and time is linear in the source.
 */
export { digitValue, firstPythonWord, pythonLines, pythonStrip } from './characters.ts'
export type { Node, Statement } from './node.ts'
export { isTruthy, numberOf, type PyErrorKind, type PyValue, pyEquals, pythonFloat } from './value.ts'

/** The value, or how Python would fail; `unsupported` where Python may succeed and this reader cannot tell. */
export type PyResult<T> = { ok: true; value: T } | { ok: false; kind: PyErrorKind; message: string }

const noNames: ReadonlySet<string> = new Set()

/** `eval(source)`. Names in `scope` are known to have a value, others raise NameError. */
export function evalPython(source: string, scope: ReadonlySet<string> = noNames): PyResult<PyValue> {
  return attempt(() => evaluate(parseEval(source), scope))
}

/** What a class or a function prints as, which is no Python: `<class 'int'>`. */
const printedType = /<(?:class|function|built-in function|bound method|enum)\b(?:[^<>\n]|<[^<>\n]{0,40}>){0,200}>/g

/**
 * The value of a source as programs print values: literals and arithmetic, and what NumPy, `collections` and other known types print.
 * `evalPython` reads the language; this is for what a person would take as a value.
 */
export function evalValue(source: string): PyResult<PyValue> {
  const plain = source.includes('<') ? source.replace(printedType, 'None') : source
  return attempt(() => evaluate(parseEval(plain), noNames, knownTypesOf(plain)))
}

/** The value of a node, as `eval` of its source would find it. */
export function evalNode(node: Node, scope: ReadonlySet<string> = noNames): PyResult<PyValue> {
  return attempt(() => evaluate(node, scope))
}

export const parsePython = (source: string): PyResult<Statement[]> => attempt(() => parseStatements(source))

export const loadsPythonJson = (text: string): PyResult<PyValue> => attempt(() => loadsJson(text))

function attempt<T>(read: () => T): PyResult<T> {
  try {
    return { ok: true, value: read() }
  } catch (error) {
    if (error instanceof PyError) return { ok: false, kind: error.kind, message: error.message }
    // The JavaScript stack: a source this deep fails in Python too.
    if (error instanceof RangeError) return { ok: false, kind: 'too-deep', message: error.message }
    throw error
  }
}

/** The names that every Python program can see, beside its own: what they evaluate to is not ours to say. */
export const builtinNames: readonly string[] =
  `abs aiter all anext any ascii bin bool breakpoint bytearray bytes callable chr classmethod compile complex copyright
  credits delattr dict dir divmod enumerate eval exec exit filter float format frozenset getattr globals hasattr hash help
  hex id input int isinstance issubclass iter len license list locals map max memoryview min next object oct open ord pow
  print property quit range repr reversed round set setattr slice sorted staticmethod str sum super tuple type vars zip
  __import__ __name__ __doc__ __package__ __loader__ __spec__ __build_class__ __debug__ __builtins__ __file__ __cached__
  NotImplemented Ellipsis ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError
  BrokenPipeError BufferError BytesWarning ChildProcessError ConnectionAbortedError ConnectionError
  ConnectionRefusedError ConnectionResetError DeprecationWarning EOFError EncodingWarning EnvironmentError Exception
  ExceptionGroup FileExistsError FileNotFoundError FloatingPointError FutureWarning GeneratorExit IOError ImportError
  ImportWarning IndentationError IndexError InterruptedError IsADirectoryError KeyError KeyboardInterrupt LookupError
  MemoryError ModuleNotFoundError NameError NotADirectoryError NotImplementedError OSError OverflowError
  PendingDeprecationWarning PermissionError ProcessLookupError RecursionError ReferenceError ResourceWarning RuntimeError
  RuntimeWarning StopAsyncIteration StopIteration SyntaxError SyntaxWarning SystemError SystemExit TabError TimeoutError
  TypeError UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError UnicodeTranslateError UnicodeWarning
  UserWarning ValueError Warning ZeroDivisionError`.split(/\s+/)
