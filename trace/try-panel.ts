import { z } from 'zod'
import { RunId } from '../schemas/ids.ts'

/** What a person asks: a text of their own, `plain` without the task's instruction; or a validation question by its number from 1. */
export const Question = z.union([
  z.strictObject({ text: z.string().trim().min(1).max(8000), plain: z.boolean().optional() }),
  z.strictObject({ example: z.int().positive() }),
])
export type Question = z.infer<typeof Question>

/** The same as the page sends it. */
export const PanelQuestion = z.strictObject({ run: RunId, question: Question })

export type Reply = {
  model: string
  text: string
  /** What it thought before, where its template has room for that. */
  thoughts?: string
  /** Whether the reply was cut at the longest that the task allows. */
  isCut: boolean
  /** Of an example: whether it is right by the score that the task counts, and why. */
  isRight?: boolean
  reason?: string
}

export type SideBySideAnswer = {
  /** The user's turn as the models saw it. */
  asked: string
  /** `of`: how many there are. */
  example?: { id: string; skill: string; answer: string; of: number }
  replies: Reply[]
}

/** Asks models of a run for the page. */
export type TryPanel = {
  /** @throws UserError for what cannot be asked, as before a model is trained */
  ask(runId: string, question: Question, signal: AbortSignal): Promise<SideBySideAnswer>
}
