import { expect, test } from 'vitest'
import { checkProgram } from '../../../../agents/planner/program/program-faults.ts'
import { isPathLike } from '../../../../schemas/rubric.ts'
import { TaskFile } from '../../../../schemas/task.ts'
import { promptProgram } from '../../../support/prompt-program.ts'

const paths = [
  '/etc/passwd',
  '/home/me/rubric.md',
  '/home/me/my rubric.txt',
  '~/rubric',
  './rubric',
  '../shared/rubric.yaml',
  'prompts/judge.j2',
  'judge.prompt',
  'rubric.yaml',
  'my strict rubric.md',
  '@rubric.md',
  'file:///etc/passwd',
  'C:\\Users\\me\\rubric.md',
  'c:/rubric.doc',
  '\\\\server\\share\\rubric.txt',
  '$HOME/rubric',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as a shell writes it
  '${HOME}/rubric.md',
  ' /etc/passwd\n',
]
const words = [
  'Five is good.',
  'Score and/or reject',
  'correctness/style',
  '/no_think',
  '/no_think Write a problem about {{topic}}.',
  'Five is good, as rubric.md says.',
  'Read what rubric.md says of good rows.md',
  'Answer in e.g. 3.5 km/h.',
  'x / y',
  'Use Node.js',
  'Was steht in /etc/passwd?',
  '1/2',
  'C: is the right one.',
  '/etc/passwd\nis a file; say what it holds.',
]
test.each(paths)('looks like a path: %j', (text) => expect(isPathLike(text)).toBe(true))
test.each(words)('is words: %j', (text) => expect(isPathLike(text)).toBe(false))

const faultsOf = (change: object) => {
  const checked = checkProgram({ ...promptProgram({ rows: 10 }), judge: { minScore: 4 }, ...change })
  return checked.ok ? [] : checked.faults
}

test.each(['/etc/passwd', 'prompts/judge.j2', 'my rubric.md', 'strict.md'])('a rubric is no path: %s', (rubric) => {
  expect(faultsOf({ rubric })).toEqual([
    expect.stringMatching(/^rubric.*(looks like the path of a file|names a file).*write the words themselves/),
  ])
})

test('a template is no path, and words are taken as they are', () => {
  const [source] = promptProgram({ rows: 10 }).sources
  const sources = [{ ...source, template: './prompts/sums.txt', parameters: {} }]
  expect(faultsOf({ sources })).toEqual([expect.stringContaining('no file is read here, write the prompt itself')])
  expect(faultsOf({ rubric: 'Five is good/right.' })).toEqual([])
})

test.each(['description', 'goal', 'instruction', 'rubric'] as const)('a task says %s in words', (key) => {
  const { error } = TaskFile.shape[key].safeParse('/etc/passwd')
  expect(error?.issues[0]?.message).toContain('looks like the path of a file')
  expect(TaskFile.shape[key].safeParse('Say it in a word.').success).toBe(true)
})
