import type { Question, ReplyScore, ScorerChoice } from '../schemas/task.ts'
import { scoreAny } from './scorers/any-gold.ts'
import { scorerNamed, scorerNames } from './scorers/mod.ts'
import { openScript } from './scorers/script.ts'

/** Scores a reply against a gold answer, or several of which it has to be right for one. The question is for a task's script. */
export type ReplyScorer = (reply: string, golds: string | readonly string[], question?: Question) => Promise<ReplyScore>

/** A task's scorer as `checkItem` needs it: with the form that a reply has to have. */
export type TaskScorer = { name: string; score: ReplyScorer; inForm: (answer: string) => Promise<string> }

/**
 * A task's scorer with its options, a script's in the sandbox.
 * @throws throws on a name that is not in the map. A rule throws on a gold answer that it cannot read; a script never does
 */
export function openTaskScorer({ name, source, options }: ScorerChoice): TaskScorer {
  if (source !== undefined) {
    const script = openScript(source, options)
    return {
      name,
      score: scoreEach((reply, answer, question) => script.score(reply, { ...question, answer })),
      inForm: script.inForm,
    }
  }
  if (!scorerNames.includes(name)) throw new Error(`unknown scorer "${name}"; there is ${scorerNames.join(', ')}`)
  const scorer = async () => (await scorerNamed(name))!
  return {
    name,
    score: scoreEach(async (reply, answer) => (await scorer()).score(reply, answer, options)),
    inForm: async (answer) => (await scorer()).inForm(answer),
  }
}

const scoreEach =
  (score: (reply: string, answer: string, question?: Question) => ReplyScore | Promise<ReplyScore>): ReplyScorer =>
  (reply, golds, question) =>
    scoreAny(typeof golds === 'string' ? [golds] : golds, (answer) => score(reply, answer, question))

/**
 * A task's scorer alone.
 * @throws as `openTaskScorer`
 */
export const scorerFor = (choice: ScorerChoice): ReplyScorer => openTaskScorer(choice).score
