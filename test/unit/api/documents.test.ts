import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as api from '../../../api/mod.ts'

const root = join(import.meta.dirname, '../../..')
const page = readFileSync(join(root, 'docs/api.md'), 'utf8')
const client = readFileSync(join(root, 'sdk/python-client/syllabus/__init__.py'), 'utf8')

test('the page names every public name, and none that there is not', () => {
  for (const name of Object.keys(api)) expect(page, name).toContain(name)
  const imported = [...page.matchAll(/import \{ ([^}]*) \} from 'syllabus'/g)].flatMap(([, names]) =>
    names!.split(', '),
  )
  expect(imported.length).toBeGreaterThan(4)
  expect(imported.filter((name) => !(name in api))).toEqual([])
})

test('errors have the same names in both languages', () => {
  const names = Object.keys(api).filter((name) => name.endsWith('Error'))
  expect(names.length).toBe(5)
  for (const name of names) expect(client).toContain(`"${name}"`)
})
