import { z } from 'zod'
import { plural } from './number-text.ts'
import { ItemOutcome, NoAnswer, ScoreSheet } from './score.ts'
import { StudentModel } from './training.ts'

export const EvalSetName = z.enum(['test', 'audit', 'retention'])
export type EvalSetName = z.infer<typeof EvalSetName>

/** The result of one student model on one sealed evaluation set, item by item, without questions or answers. */
export const SealedResult = z.object({
  studentModel: StudentModel,
  evalSet: EvalSetName,
  sheet: ScoreSheet,
  items: z.array(ItemOutcome),
})
export type SealedResult = z.infer<typeof SealedResult>

/** What stands for a reply in `PackedResult.replies`. */
const replyLetters: Readonly<Record<NoAnswer | 'answer', string>> = {
  answer: 'a',
  empty: 'n',
  truncated: 'c',
  echo: 'q',
  formless: 'f',
}

function letterOf({ noAnswer, modal }: ItemOutcome): string {
  const letter = replyLetters[noAnswer ?? 'answer']
  return modal ? letter.toUpperCase() : letter
}

/** What a letter says of a reply. */
function replyOf(letter: string): Pick<ItemOutcome, 'noAnswer' | 'modal'> {
  const noAnswer = NoAnswer.options.find((each) => replyLetters[each] === letter.toLowerCase())
  return { ...(noAnswer && { noAnswer }), ...(letter !== letter.toLowerCase() && { modal: true as const }) }
}

/** A result as it travels: a set's items are written once for all models, so that hundreds of results fit into a message. */
export const PackedResult = z.object({
  studentModel: StudentModel,
  evalSet: EvalSetName,
  sheet: ScoreSheet,
  /** One digit an item, in the order of the set: 1 for strictly right, 2 for leniently right, 4 for truncated, added up. */
  marks: z.string().regex(/^[0-7]*$/),
  /**
   * One letter an item: `a` for an answer, else that of its `NoAnswer`, see `replyLetters`; a capital where it is the candidate's modal
   * answer.
   */
  replies: z.string().regex(/^[ancqf]*$/i),
})
export type PackedResult = z.infer<typeof PackedResult>

/** An item of an evaluation set, the same for every student model. */
export const EvalSetItem = ItemOutcome.pick({ id: true, part: true, skill: true, group: true })
export type EvalSetItem = z.infer<typeof EvalSetItem>

export const EvalSets = z.partialRecord(EvalSetName, z.array(EvalSetItem))
export type EvalSets = z.infer<typeof EvalSets>

/** @throws two results on one evaluation set that are not on the same items in the same order */
export function packResults(results: readonly SealedResult[]): { evalSets: EvalSets; results: PackedResult[] } {
  const evalSets: EvalSets = {}
  const packed = results.map(({ items, ...result }): PackedResult => {
    const answered = items.map((item) => EvalSetItem.parse(item))
    evalSets[result.evalSet] ??= answered
    const evalSet = evalSets[result.evalSet] ?? answered
    if (evalSet.length !== answered.length || answered.some(({ id }, index) => id !== evalSet[index]!.id)) {
      throw new Error(
        `${result.studentModel.name} was not evaluated on the same items of the ${result.evalSet} as the others`,
      )
    }
    const marks = items.map(
      ({ strict, lenient, truncated }) => Number(strict) + 2 * Number(lenient) + 4 * Number(truncated),
    )
    return { ...result, marks: marks.join(''), replies: items.map(letterOf).join('') }
  })
  return { evalSets, results: packed }
}

/**
 * The results item by item.
 * @throws marks that are not as many as the items of their evaluation set
 */
export function unpackResults({
  evalSets,
  results,
}: {
  evalSets: EvalSets
  results: readonly PackedResult[]
}): SealedResult[] {
  return results.map(({ marks, replies, ...result }) => {
    const evalSet = evalSets[result.evalSet] ?? []
    if (evalSet.length !== marks.length || replies.length !== marks.length) {
      throw new Error(
        `${result.studentModel.name} has ${marks.length} marks for ${evalSet.length} ${plural(evalSet.length, 'item')} of the ${result.evalSet}`,
      )
    }
    return {
      ...result,
      items: evalSet.map((item, index) => {
        const mark = Number(marks[index])
        const right = { strict: (mark & 1) > 0, lenient: (mark & 2) > 0, truncated: (mark & 4) > 0 }
        return { ...item, ...right, ...replyOf(replies[index]!) }
      }),
    }
  })
}
