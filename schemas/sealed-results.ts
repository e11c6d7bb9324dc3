import { z } from 'zod'
import { ItemOutcome, NoAnswer, ScoreSheet } from './score.ts'
import { Candidate } from './training.ts'

export const PaperName = z.enum(['test', 'audit', 'retention'])
export type PaperName = z.infer<typeof PaperName>

/** The result of one candidate on one sealed paper, item by item, without questions or answers. */
export const SealedResult = z.object({
  candidate: Candidate,
  paper: PaperName,
  sheet: ScoreSheet,
  items: z.array(ItemOutcome),
})
export type SealedResult = z.infer<typeof SealedResult>

/** What stands for a reply in `PackedResult.replies`. */
const replyLetters: Readonly<Record<NoAnswer | 'answer', string>> = {
  answer: 'a',
  empty: 'n',
  cut: 'c',
  echo: 'q',
  formless: 'f',
}

function letterOf({ noAnswer, modal }: ItemOutcome): string {
  const letter = replyLetters[noAnswer ?? 'answer']
  return modal ? letter.toUpperCase() : letter
}

/** What a letter says of a reply. */
function replyOf(letter: string | undefined): Pick<ItemOutcome, 'noAnswer' | 'modal'> {
  if (letter === undefined) return {}
  const noAnswer = NoAnswer.options.find((each) => replyLetters[each] === letter.toLowerCase())
  return { ...(noAnswer && { noAnswer }), ...(letter !== letter.toLowerCase() && { modal: true as const }) }
}

/** A result as it travels: a paper's items are said once for everybody who sat it, so that hundreds of sittings fit into a message. */
export const PackedResult = z.object({
  candidate: Candidate,
  paper: PaperName,
  sheet: ScoreSheet,
  /** One digit an item, in the paper's order: 1 for strictly right, 2 for leniently right, 4 for cut, added up. */
  marks: z
    .string()
    .regex(/^[0-7]*$/)
    .optional(),
  /**
   * One letter an item: `a` for an answer, else that of its `NoAnswer`, see `replyLetters`; a capital where it is the candidate's modal
   * answer. Left out in logs from before it was told.
   */
  replies: z
    .string()
    .regex(/^[ancqf]*$/i)
    .optional(),
  /** In logs from before there were marks. */
  items: z.array(ItemOutcome).optional(),
})
export type PackedResult = z.infer<typeof PackedResult>

/** An item of a paper, as everybody sat it. */
export const PaperItem = ItemOutcome.pick({ id: true, part: true, skill: true, group: true })
export type PaperItem = z.infer<typeof PaperItem>

export const Papers = z.partialRecord(PaperName, z.array(PaperItem))
export type Papers = z.infer<typeof Papers>

/** Errors: two results on one paper that are not on the same items in the same order. */
export function packResults(results: readonly SealedResult[]): { papers: Papers; results: PackedResult[] } {
  const papers: Papers = {}
  const packed = results.map(({ items, ...result }): PackedResult => {
    const sat = items.map((item) => PaperItem.parse(item))
    papers[result.paper] ??= sat
    const paper = papers[result.paper] ?? sat
    if (paper.length !== sat.length || sat.some(({ id }, index) => id !== paper[index]!.id)) {
      throw new Error(`${result.candidate.name} did not sit the ${result.paper} of the others`)
    }
    const marks = items.map(({ strict, lenient, cut }) => Number(strict) + 2 * Number(lenient) + 4 * Number(cut))
    return { ...result, marks: marks.join(''), replies: items.map(letterOf).join('') }
  })
  return { papers, results: packed }
}

/** The results item by item. Errors: marks that are not as many as their paper's items. */
export function unpackResults({
  papers,
  results,
}: {
  papers: Papers
  results: readonly PackedResult[]
}): SealedResult[] {
  return results.map(({ marks, replies, items, ...result }) => {
    if (marks === undefined) return { ...result, items: items ?? [] }
    const paper = papers[result.paper] ?? []
    if (paper.length !== marks.length || (replies ?? marks).length !== marks.length) {
      throw new Error(
        `${result.candidate.name} has ${marks.length} marks for ${paper.length} items of the ${result.paper}`,
      )
    }
    return {
      ...result,
      items: paper.map((item, index) => {
        const mark = Number(marks[index])
        const right = { strict: (mark & 1) > 0, lenient: (mark & 2) > 0, cut: (mark & 4) > 0 }
        return { ...item, ...right, ...replyOf(replies?.[index]) }
      }),
    }
  })
}
