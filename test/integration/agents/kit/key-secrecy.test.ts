import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundledTask } from '../../../../tasks/bundled-task.ts'
import { loadTask } from '../../../../tasks/load.ts'
import { syllabus } from '../../../support/command.ts'
import { filesWith } from '../../../support/find-text.ts'
import { natsBinary } from '../../../support/nats.ts'
import { type ModelReply, openPlannerServer } from '../../../support/planner-server.ts'
import { promptProgram } from '../../../support/prompt-program.ts'
import { taskTeacher } from '../../../support/task-teacher.ts'

/** Some endpoints repeat the key when they complain; it is written nowhere all the same. */

const key = 'planted-key-51b0c2aa'
const complaint = (status: number) => ({
  status,
  body: JSON.stringify({ error: { message: `key ${key} is unwelcome` } }),
})
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-key-'))
  const template = 'Write order-total problem number {{index}}.'
  await writeFile(join(folder, 'program.json'), JSON.stringify(promptProgram({ rows: 12, template })))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Makes rows of a teacher that answers so, and gives what was told and where the complaint and the key were written. */
async function searched(name: string, teacher: (call: number, right: () => string) => ModelReply) {
  const teach = taskTeacher(await loadTask(bundledTask))
  let calls = 0
  await using server = await openPlannerServer(() => '', {
    key,
    teacher: (asked) => teacher(++calls, () => teach(asked)),
  })
  const [home, out] = [join(folder, `${name}-home`), join(folder, name)]
  const from = ['--program', join(folder, 'program.json'), '--model', server.model, '--rows', '12', '--out', out]
  const command = syllabus(['generate', ...from, '--format', 'openai', '--json'], {
    PATH: `${dirname(await natsBinary())}${delimiter}${process.env.PATH}`,
    SYLLABUS_HOME: home,
    OPENAI_BASE_URL: server.endpoint.baseUrl,
    OPENAI_API_KEY: key,
  })
  const code = await command.ended
  const places = [home, out]
  return {
    code,
    reported: command.output(),
    complaints: await filesWith('is unwelcome', places),
    found: await filesWith(key, places),
  }
}

test('a complaint about one call is kept with its reason, without the key', async () => {
  const { code, reported, complaints, found } = await searched('some', (call, right) =>
    call % 5 === 2 ? complaint(422) : call % 5 === 4 ? complaint(503) : right(),
  )
  expect(code, reported.slice(-2000)).toBe(0)
  // The search would find it: the complaint itself is on the bus.
  expect(complaints.some((path) => path.includes('jetstream'))).toBe(true)
  expect(found).toEqual([])
  expect(reported).not.toContain(key)
})

test('a key that is refused in the middle of a run makes the run wait, and is in no dead letter', async () => {
  const { code, reported, complaints, found } = await searched('refused', (call, right) =>
    call > 3 ? complaint(401) : right(),
  )
  expect(code, reported.slice(-2000)).toBe(4)
  expect(reported).toContain('is unwelcome')
  expect(complaints.length).toBeGreaterThan(0)
  expect(found).toEqual([])
  expect(reported).not.toContain(key)
})
