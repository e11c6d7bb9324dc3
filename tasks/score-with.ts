import { type Question, type ReplyScore, type ScorerChoice, scriptScorer } from '../schemas/task.ts'
import { parseWith, readText } from './files/read-files.ts'
import { scoreAny } from './scorers/any-gold.ts'
import { scorerNamed, scorers } from './scorers/mod.ts'
import { openScript, ScriptLimits } from './scorers/script.ts'
import { TaskError } from './task-error.ts'

/** Scores a reply against a gold answer, or several of which it has to be right for one. The question is for the script of a task, and is left out where no item is scored. */
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
  const scorer = scorerNamed(name)
  if (!scorer) throw new Error(`unknown scorer "${name}"; there is ${Object.keys(scorers).join(', ')}`)
  return {
    name,
    score: scoreEach((reply, answer) => scorer.score(reply, answer, options)),
    inForm: async (answer) => scorer.inForm(answer),
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

/**
 * The scorer of a folder, with its script's text if it has one.
 * @throws TaskError on an unknown name, a missing file and options that do not fit
 */
export async function readScorer(dir: string, choice: ScorerChoice, where: string): Promise<ScorerChoice> {
  const { name, file, source, options } = choice
  if (file !== undefined && name === scriptScorer) {
    parseWith(ScriptLimits, options, `${where}.options`)
    return { ...choice, source: await readText(dir, file) }
  }
  const scorer = scorerNamed(name)
  if (!scorer || file !== undefined || source !== undefined) {
    const what = scorer === undefined ? `Unknown scorer "${name}"` : `The scorer "${name}" takes no script`
    throw new TaskError(what, where, `Name one of: ${Object.keys(scorers).join(', ')}; or give a script as file alone.`)
  }
  parseWith(scorer.options, options, `${where}.options`)
  return choice
}
