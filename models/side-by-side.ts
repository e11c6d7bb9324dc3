import { z } from 'zod'
import { plural } from '../schemas/number-text.ts'
import { goldsOf } from '../schemas/task.ts'
import { UsageError } from '../schemas/user-error.ts'
import { openTaskScorer } from '../tasks/score-with.ts'
import type { SideBySideAnswer, TryQuestion, TryReply } from '../trace/try-panel.ts'
import type { RunModels } from './trained-models.ts'

/*
 * One question to several models of a run.
 * Q1 They are asked as the evaluation asked them: the same turns, decoded greedily, as long a reply.
 * Q2 Examples are of validation. Neither test nor audit nor retention set is in what this reads.
 */

type Asked = { baseUrl: string; models: readonly string[] }

/**
 * What each model replies. Of an example also its right answer, and whether each reply is right.
 * @throws UsageError for an example that is not there, and for a text that the models' context has no room for
 */
export async function askSideBySide(
  { baseUrl, models }: Asked,
  { task }: Pick<RunModels, 'task'>,
  question: TryQuestion,
  signal: AbortSignal,
): Promise<SideBySideAnswer> {
  const item = 'example' in question ? exampleOf(task.validation, question.example) : null
  const { instruction, input } = item ?? {
    instruction: task.instruction,
    input: 'text' in question ? question.text : '',
  }
  const isPlain = 'text' in question && question.plain === true
  const turn = isPlain ? input : [instruction, input].filter((part) => part !== '').join('\n')
  const system = isPlain || !task.recipe.system ? [] : [{ role: 'system', content: task.recipe.system }]
  const messages = [...system, { role: 'user', content: turn }]
  const scorer = item && openTaskScorer(task.scorer)
  const replies: TryReply[] = []
  for (const model of models) {
    const reply = await ask(baseUrl, { model, messages, max_tokens: task.inference.max_new_tokens }, signal)
    const score = scorer && item && (await scorer.score(reply.text, goldsOf(item), item))
    replies.push({ model, ...reply, ...(score && { isRight: score[task.scorer.primary], reason: score.reason }) })
  }
  const example = item && { id: item.id, skill: item.skill, answer: item.answer, of: task.validation.length }
  return { asked: turn, ...(example && { example }), replies }
}

/** @throws UsageError when there is no example of that number, from 1 */
export function exampleOf<T>(items: readonly T[], number: number): T {
  const item = items[number - 1]
  if (item !== undefined) return item
  throw new UsageError(
    `There is no example ${number}: validation has ${items.length} ${plural(items.length, 'question')}.`,
    `Name one from 1 to ${items.length}.`,
  )
}

const Completion = z.object({
  choices: z
    .array(
      z.object({
        message: z.object({ content: z.string(), reasoning_content: z.string().optional() }),
        finish_reason: z.string(),
      }),
    )
    .length(1),
})

async function ask(baseUrl: string, request: object, signal: AbortSignal): Promise<Omit<TryReply, 'model'>> {
  const response = await fetch(`${baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ temperature: 0, ...request }),
    signal,
  })
  const body: unknown = await response.json()
  if (!response.ok) {
    const { error } = z.object({ error: z.object({ message: z.string() }) }).parse(body)
    throw new UsageError(`The model cannot be asked: ${error.message}.`, 'Ask a shorter question.')
  }
  const { message, finish_reason } = Completion.parse(body).choices[0]!
  const { content, reasoning_content: thoughts } = message
  return { text: content, ...(thoughts && { thoughts }), isCut: finish_reason === 'length' }
}
