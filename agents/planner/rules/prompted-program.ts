import type { Program, PromptSource } from '../../../schemas/program.ts'
import type { PublicTask } from '../../../schemas/task.ts'
import { apportion } from '../apportion.ts'
import { problemTemplate } from '../program/problem-template.ts'
import type { Manner } from '../program/programs.ts'
import { promptChecks } from '../program/uniform-prompt.ts'

/** How a problem can be phrased; `phrasings` says how many of them are used. */
const styles = [
  'one plain sentence',
  'a short story',
  'a note to a friend',
  'a list of facts with the question at its end',
  'a talk between two people',
  'a public announcement',
  'a question asked in the first person',
  'a formal record',
]

const wide = 'large or uneven'
const levels = ['easy', 'moderately hard', 'hard'] as const

/** Entries of a list from which one is drawn with equal chance. */
const entries = 10

/** Each name as often as its weight asks for. */
function weighted(weights: Readonly<Record<string, number>>): string[] {
  const counts = apportion(new Map(Object.entries(weights)), entries)
  return [...counts].flatMap(([name, count]) => Array<string>(count).fill(name))
}

/**
 * A program with one prompted source a skill, for a generator that asks a teacher: the manner that steers a procedure steers the words of
 * the prompt. Skills without rows have no source.
 */
export function promptedProgram(
  task: Pick<PublicTask, 'skills' | 'fewShot' | 'filters'>,
  rowsBySkill: ReadonlyMap<string, number>,
  mannerOf: (skill: string) => Manner,
  carryOver: Program['carryOver'],
): Program {
  const sources = task.skills.map(({ name, description }): PromptSource => {
    const { phrasings, wideShare, difficulty } = mannerOf(name)
    const [easy, middle, hard] = difficulty
    return {
      id: name,
      kind: 'prompt',
      skill: name,
      rows: rowsBySkill.get(name) ?? 0,
      mode: 'scratch',
      template: problemTemplate(
        task,
        description,
        'Tell it as {{style}}, with {{numbers}} numbers; it shall be {{level}} to solve.',
      ),
      parameters: {
        style: styles.slice(0, phrasings),
        numbers: weighted({ small: 1 - wideShare, [wide]: wideShare }),
        level: weighted({ [levels[0]]: easy, [levels[1]]: middle, [levels[2]]: hard }),
      },
      seeds: [],
      sampling: { temperature: 1, maxTokens: 1024 },
      samplesPerPrompt: 1,
    }
  })
  const asking = sources.filter(({ rows }) => rows > 0)
  return { ...promptChecks(task), verification: 'none', judge: null, sources: asking, carryOver }
}

/** The manner that a prompted source was written with; null for one that was not written here. */
export function mannerOfPrompted({ parameters: { style, numbers, level } }: PromptSource): Manner | null {
  if (!Array.isArray(style) || !Array.isArray(numbers) || !Array.isArray(level)) return null
  const share = (list: readonly unknown[], name: string) => list.filter((each) => each === name).length / list.length
  const [easy, middle, hard] = levels.map((name) => share(level, name))
  return { phrasings: style.length, wideShare: share(numbers, wide), difficulty: [easy!, middle!, hard!] }
}
