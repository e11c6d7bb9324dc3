import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { grade } from '../../../agents/evaluator/scorer/grading.ts'
import { bundledTask } from '../../../tasks/bundled-task.ts'
import { loadTask, publicView } from '../../../tasks/load.ts'
import { openTaskScorer, scorerFor } from '../../../tasks/score-with.ts'
import { scriptLineScorer } from '../../../tasks/scorers/line-scorers.ts'
import { scoreFile } from '../../../tasks/scorers/score-file.ts'
import { openScript } from '../../../tasks/scorers/script.ts'

const script = (body: string) => `
// the last word, as a number
function score(response, item, options) {
  ${body}
  const extracted = response.trim().split(/\\s+/).at(-1)
  return { correct: Number(extracted) === Number(item.answer), extracted }
}
function inForm(answer) { return 'so ' + answer } // a comment at the end`

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'syllabus-script-'))
  await cp(bundledTask, dir, { recursive: true })
})
afterEach(() => rm(dir, { recursive: true, force: true }))

async function withScript(body: string, options = '{}'): Promise<void> {
  await writeFile(join(dir, 'scorer.js'), script(body))
  const yaml = await readFile(join(bundledTask, 'task.yaml'), 'utf8')
  await writeFile(
    join(dir, 'task.yaml'),
    yaml.replace(/^scorer:\n(?: {2}.*\n)+/m, `scorer: { file: scorer.js, primary: strict, options: ${options} }\n`),
  )
}

test('a task is scored by its own script, which agents get with the public task', async () => {
  await withScript('')
  const task = await loadTask(dir)
  const score = scorerFor(publicView(task).scorer)
  expect(await score('so 7', '7')).toEqual({ strict: true, lenient: true, extracted: '7', reason: 'match' })
  expect(await score('so 8', '7')).toEqual({ strict: false, lenient: false, extracted: '8', reason: 'different' })
})

test('its text is part of the task’s hash', async () => {
  await withScript('')
  const before = (await loadTask(dir)).sha256
  await withScript('// another')
  expect((await loadTask(dir)).sha256).not.toBe(before)
})

test('it sees the item that is scored', async () => {
  await withScript("if (item.skill === 'invoice-field') return { correct: item.input.length > 0, reason: item.id }")
  const task = await loadTask(dir)
  const item = task.validation.find(({ skill }) => skill === 'invoice-field')!
  const [graded] = await grade(
    [item],
    [{ id: item.id, text: 'anything', finish: 'stop', tokens: 1 }],
    openTaskScorer(task.scorer),
  )
  expect(graded!.score).toMatchObject({ strict: true, reason: item.id })
})

test.each([
  ['throws', 'throw new Error("no")', /scorer-error: raised: Error: no/],
  ['never ends', 'for (;;) {}', /scorer-error: timeout/],
  ['returns no verdict', 'return 1', /scorer-error: bad-result/],
  ['reaches for the machine', 'return process.env', /scorer-error: raised: ReferenceError/],
])('a script that %s is refused with the first gold it fails on', async (_, body, what) => {
  await withScript(body)
  await expect(loadTask(dir)).rejects.toThrow(what)
})

test('a script that fails on a reply costs that reply alone', async () => {
  await withScript(
    "if (response.startsWith('bomb')) { const all = []; for (;;) all.push('x'.repeat(1e6) + all.length) }",
  )
  const score = scorerFor((await loadTask(dir)).scorer)
  expect(await score('bomb', '7')).toMatchObject({ strict: false, reason: expect.stringMatching(/^scorer-error: /) })
  expect(await score('so 7', '7')).toMatchObject({ strict: true })
})

test('a script that is not there, or stands beside a name, is refused', async () => {
  await withScript('')
  await rm(join(dir, 'scorer.js'))
  await expect(loadTask(dir)).rejects.toThrow(/missing.*scorer\.js/)
  const yaml = await readFile(join(dir, 'task.yaml'), 'utf8')
  await writeFile(join(dir, 'task.yaml'), yaml.replace('file: scorer.js', 'name: exact, file: scorer.js'))
  await expect(loadTask(dir)).rejects.toThrow(/takes no script/)
})

test('its limits are options of the scorer, and the others its own', async () => {
  const body = 'for (let i = 0; i < options.loops; i += 1) if (i < 0) return null'
  await withScript(body, '{ loops: 30000, maxSteps: 1 }')
  await expect(loadTask(dir)).rejects.toThrow(/scorer-error: timeout/)
  await withScript(body, '{ loops: 30000, maxSteps: 100 }')
  const score = scorerFor((await loadTask(dir)).scorer)
  expect(await score('so 7', '7')).toMatchObject({ strict: true })
})

test('a limit that is none is refused with its key', async () => {
  await withScript('', '{ timeoutMs: 0 }')
  await expect(loadTask(dir)).rejects.toThrow(/timeoutMs/)
})

test('it scores the lines of a file, each with what it carries', async () => {
  const [input, output] = [join(dir, 'in.jsonl'), join(dir, 'out.jsonl')]
  await writeFile(input, '{"response":"so 7","gold":7,"unit":"m"}\n{"response":"so 8","gold":"7"}\n{"gold":"7"}\n')
  const source = script("if (item.unit === 'm') return { correct: item.answer === '7', reason: 'in metres' }")
  const summary = await scoreFile(input, output, scriptLineScorer(openScript(source, {})), 'official')
  expect(summary).toMatchObject({ scored: 2, correct: 1, bad: [{ line: 3, why: 'response is missing' }] })
  const lines = (await readFile(output, 'utf8')).trim().split('\n')
  expect(lines.map((line) => JSON.parse(line).reason)).toEqual(['in metres', 'different'])
})

test.each([
  ['const x = (', /SyntaxError/],
  ['function scores() {}', /no function score/],
  ['', /no function score/],
])('a script that cannot score says so at once: %j', async (source, what) => {
  expect(await openScript(source, {}).fault()).toMatch(what)
})
