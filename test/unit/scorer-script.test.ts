import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { grade } from '../../agents/evaluator/scorer/grading.ts'
import { bundledTask } from '../../cli/bundled-task.ts'
import { loadTask, publicView } from '../../tasks/load.ts'
import { scorerFor } from '../../tasks/score-with.ts'

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

async function withScript(body: string): Promise<void> {
  await writeFile(join(dir, 'scorer.js'), script(body))
  const yaml = await readFile(join(bundledTask, 'task.yaml'), 'utf8')
  await writeFile(
    join(dir, 'task.yaml'),
    yaml.replace(/^scorer:\n(?: {2}.*\n)+/m, 'scorer: { file: scorer.js, primary: strict }\n'),
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
    scorerFor(task.scorer),
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
