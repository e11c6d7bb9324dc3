import { basename, dirname } from 'node:path'
import { jsonOrNull } from '../../schemas/bounded-json.ts'
import type { ImportLog } from './import-log.ts'
import type { SeedImporter } from './import-seeds.ts'
import type { SeedFields } from './importer.ts'
import { openQuestionReader } from './record-form.ts'
import { readRecords } from './records.ts'
import { fileInFolder } from './source-file.ts'

/** What one record becomes, or why it is left out. */
type Read = (row: Record<string, unknown>, index: number) => SeedFields | string

async function* eachSeed(source: string, log: ImportLog, read: Read): AsyncGenerator<SeedFields> {
  let index = 0
  for await (const record of readRecords(source)) {
    log.read += 1
    const seed = 'problem' in record ? record.problem : read(record.value, index)
    index += 1
    if (typeof seed === 'string') log.drop(record.where, seed)
    else yield seed
  }
}

/** SciInstruct: `content` is the question; other usual names are taken too. */
export const sciinstructImporter: SeedImporter = {
  name: 'sciinstruct',
  source: 'the published SciInstruct.json, an array or JSON Lines',
  async *seeds(source, log) {
    const questionIn = await openQuestionReader(source, 'content')
    yield* eachSeed(source, log, (row) => {
      const question = questionIn(row)
      return question === '' ? 'no question' : { question }
    })
  },
}

/**
 * The indexes of TACO's test problems that need a special judge, from `output_spj.jsonl` beside the file; it has none of the training file.
 */
async function speciallyJudged(source: string): Promise<Set<number>> {
  const path = await fileInFolder(dirname(source), 'output_spj.jsonl')
  const indexes = new Set<number>()
  if (path === null || basename(source).startsWith('train')) return indexes
  for await (const record of readRecords(path)) {
    if ('problem' in record) continue
    const { idx, special_judge: isSpecial } = record.value
    if (isSpecial === true || isSpecial === 1 || isSpecial === 'True') indexes.add(Number(idx))
  }
  return indexes
}

function firstInput(value: unknown): string | null {
  const tests: unknown = typeof value === 'string' ? jsonOrNull(value) : value
  const inputs = (tests as { inputs?: unknown } | null)?.inputs
  const first: unknown = Array.isArray(inputs) ? inputs[0] : undefined
  if (first === undefined) return null
  return typeof first === 'string' ? first : JSON.stringify(first)
}

/** The input of the first public test: a JSON text of an array, or the array itself. Private tests, some of them pickles, are not read. */
function firstPublicInput(value: unknown): string | null {
  const tests: unknown = typeof value === 'string' ? jsonOrNull(value) : value
  const first = Array.isArray(tests) ? (tests[0] as { input?: unknown } | undefined) : undefined
  return typeof first?.input === 'string' && first.input !== '' ? first.input : null
}

/** LiveCodeBench's code generation: `question_content` with the input of its first public test. */
export const livecodebenchCodeImporter: SeedImporter = {
  name: 'livecodebench-code',
  source: 'a published test.jsonl, test2.jsonl ... of code generation, or a Parquet or JSON export',
  seeds: (source, log) =>
    eachSeed(source, log, (row) => {
      const question = typeof row.question_content === 'string' ? row.question_content.trim() : ''
      const input = firstPublicInput(row.public_test_cases)
      if (question === '') return 'no question_content'
      return input === null ? 'no public test with an input' : { question_content: question, test_input: input }
    }),
}

/** TACO: `question` with the first of its test inputs; problems with a special judge have no single right output. */
export const tacoImporter: SeedImporter = {
  name: 'taco',
  source:
    'a published Parquet file of TACO, or a JSON or JSON Lines export; with output_spj.jsonl beside its test file',
  seeds: async function* (source, log) {
    const special = await speciallyJudged(source)
    yield* eachSeed(source, log, (row, index) => {
      if (special.has(index)) return 'needs a special judge'
      const [question, input] = [
        typeof row.question === 'string' ? row.question.trim() : '',
        firstInput(row.input_output),
      ]
      if (question === '') return 'no question'
      return input === null ? 'no test input' : { question_content: question, test_input: input }
    })
  },
}
