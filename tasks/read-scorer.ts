import { type ScorerChoice, scriptScorer } from '../schemas/task.ts'
import { parseWith, readText } from './files/read-files.ts'
import { scorerNamed, scorerNames } from './scorers/mod.ts'
import { ScriptLimits } from './scorers/script.ts'
import { TaskError } from './task-error.ts'

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
  const scorer = await scorerNamed(name)
  if (!scorer || file !== undefined || source !== undefined) {
    const what = scorer === undefined ? `Unknown scorer "${name}"` : `The scorer "${name}" takes no script`
    throw new TaskError(what, where, `Name one of: ${scorerNames.join(', ')}; or give a script as file alone.`)
  }
  parseWith(scorer.options, options, `${where}.options`)
  return choice
}
