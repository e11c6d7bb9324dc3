import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sdkNames } from '../../../../schemas/generate.ts'
import { exportedNames } from '../../../../schemas/sdk-reference.ts'
import { folderOf } from '../../../support/plugin-files.ts'

const root = join(import.meta.dirname, '../../../..')
const names = sdkNames()
const functions = names.filter(({ isType }) => !isType)

test('every public name has a doc comment or says all by its declaration, every function an example', () => {
  const all = exportedNames(readFileSync(join(root, 'agents/sdk/mod.ts'), 'utf8')).map(({ name }) => name)
  expect(names.map(({ name }) => name)).toEqual(all)
  expect(functions.length).toBeGreaterThan(6)
  expect(functions.filter(({ comment, example }) => comment === '' || example === '').map(({ name }) => name)).toEqual(
    [],
  )
})

/** What the examples speak of. */
const before = `
import * as sdk from '${join(root, 'agents/sdk/mod.ts')}'
const { ${functions.map(({ name }) => name).join(', ')} } = sdk
import { bundledTask } from '${join(root, 'tasks/bundled-task.ts')}'
import { loadTask, publicView } from '${join(root, 'tasks/load.ts')}'
const task = publicView(await loadTask(bundledTask))
const source = { id: 'days', kind: 'procedure', skill: 'days-between' }
const work = { shard: { from: 0, count: 4, seed: 's', round: { attempt: 1, round: 1 } }, source, task }
const index = 3
const situation = { operation: 'draft', rows: 40, task, best: null, history: [], sourceKinds: ['procedure'] }
`

test.each(functions.map(({ name, example }) => [name, example]))('the example of %s runs', (_, example) => {
  const folder = folderOf({
    'example.ts': `${before}\n{\n${example.replaceAll(/^export /gm, '')}\n}\nconsole.log('ran')`,
  })
  expect(
    execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', join(folder, 'example.ts')], {
      encoding: 'utf8',
    }),
  ).toContain('ran')
})
