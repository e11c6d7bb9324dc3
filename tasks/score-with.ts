import type { ReplyScore, ScorerChoice } from '../schemas/task.ts'
import { scorerNamed, scorers } from './scorers/mod.ts'

/** A task's scorer with its options: takes a reply and the gold answer. Errors: throws on a name that is not in the map. */
export function scorerFor({ name, options }: ScorerChoice): (reply: string, answer: string) => ReplyScore {
  const scorer = scorerNamed(name)
  if (!scorer) throw new Error(`unknown scorer "${name}"; there is ${Object.keys(scorers).join(', ')}`)
  return (reply, answer) => scorer.score(reply, answer, options)
}
