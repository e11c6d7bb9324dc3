import { join } from 'node:path'
import { z } from 'zod'
import { plural } from '../schemas/number-text.ts'
import { maxSeeds, SeedQuestion } from '../schemas/task.ts'
import { parseJsonAt, parseList, parseWith, readData } from './files/read-files.ts'
import { TaskError } from './task-error.ts'

/** A seed as a file has it: the question alone, or a record of texts as the paper's `seed.json`. */
const WrittenSeed = z.union([z.string(), z.record(z.string(), z.json())])

/** Fields that say what a record is, not what it asks. */
const labels = ['id', 'skill', 'source', 'group']
const answerWords =
  /^(answers?|solutions?|outputs?|gold|golden|truth|correct|expected|labels?|targets?|responses?|completion|rationale|explanation)$/
/** Blanks at the start of a line: `\s` would go on over the lines behind it, from each of them again. */
const blank = String.raw`[^\S\r\n\u2028\u2029]*`
/**
 * Ways in which a text states its answer: on its own line or behind the question, as GSM8K has it, in Chinese. A blank to fill in is none.
 */
const writtenAnswer = new RegExp(
  [
    String.raw`(?<=^|[.?!)]\s)${blank}((the|final|correct|right) )*answer( is)?\s*[:=]\s*(?!_|\.\.|…)\S`,
    String.raw`^${blank}(the )?(final )?solution( is)?\s*[:=]\s*\S`,
    String.raw`^${blank}####\s*\S`,
    String.raw`(答案|解答)\s*[:：]\s*[^\s_]`,
  ].join('|'),
  'im',
)

/**
 * Reads a task's seed pool: a JSON array or JSON Lines of texts or records. A record's fields are joined in their order; `skill`
 * says which skill it is for.
 * @throws TaskError for more seeds than a pool holds, and for one that carries its answer
 */
export async function readSeedPool(dir: string, file: string): Promise<{ text: string; seeds: SeedQuestion[] }> {
  const text = await readData(dir, file)
  const where = join(dir, file)
  const whole = text.trimStart().startsWith('[')
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const written = whole
    ? parseJsonAt(text, where)
    : lines.map((line, at) => parseJsonAt(line, `${where}, line ${at + 1}`))
  const seeds = parseList(WrittenSeed, written, where).map((each, at) => readSeed(each, `${where}, seed ${at + 1}`))
  if (seeds.length <= maxSeeds) return { text, seeds }
  throw new TaskError(`There are ${seeds.length} ${plural(seeds.length, 'seed')}`, where, `Keep ${maxSeeds} of them.`)
}

/** Whether a pool takes a record: it is not too long, and does not carry its answer. */
export function isSeed(written: Readonly<Record<string, string>>): boolean {
  try {
    readSeed(written, 'a seed')
    return true
  } catch (error) {
    if (error instanceof TaskError) return false
    throw error
  }
}

/** Why an import leaves a question out of a pool. */
export const notASeed = 'too long for a seed, or it carries its answer'

function readSeed(written: z.infer<typeof WrittenSeed>, where: string): SeedQuestion {
  const record = typeof written === 'string' ? { question: written } : written
  for (const [name, value] of Object.entries(record)) {
    if (namesAnswer(name) && value !== null && value !== '')
      throw new TaskError(
        `The seed carries its answer, in "${name}"`,
        where,
        'Take that field away: seeds are raw questions.',
      )
  }
  const asked = Object.entries(record).filter(
    ([name, value]) => !labels.includes(name) && value !== null && value !== '',
  )
  const worded = asked.map(([name, value]) => {
    const text = typeof value === 'string' ? value.trim() : JSON.stringify(value)
    return asked.length > 1 ? `${name}: ${text}` : text
  })
  const fault = answerIn(worded.join('\n'))
  if (fault) throw new TaskError(`The seed carries its answer: ${fault}`, where, 'Leave the question alone.')
  const { skill } = record
  return parseWith(
    SeedQuestion,
    { text: worded.join('\n'), ...(typeof skill === 'string' && skill !== '' ? { skill } : {}) },
    where,
  )
}

/** Whether a field's name, in any spelling of its words, says that it holds an answer. */
const namesAnswer = (name: string): boolean =>
  name
    .replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`)
    .toLowerCase()
    .split(/[^a-z]+/)
    .some((word) => answerWords.test(word))

/** The line of a seed's text that states its answer; null when there is none. */
export function answerIn(text: string): string | null {
  const at = text.search(writtenAnswer)
  return at < 0 ? null : text.slice(at).trim().split('\n')[0]!.slice(0, 80)
}
