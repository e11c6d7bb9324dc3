import { globSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { runTool, tool } from '../../support/deploy-tools.ts'

const root = join(import.meta.dirname, '../../..')
const units = globSync(join(root, 'deploy/systemd/*.service')).sort()
const analyze = tool('systemd-analyze')

test('there is a unit for one machine, for a node and for the page', () => {
  expect(units.map((file) => basename(file))).toEqual([
    'syllabus-node@.service',
    'syllabus-page.service',
    'syllabus-up.service',
  ])
})

test.skipIf(!analyze)(`systemd takes the units${analyze ? '' : ' (skipped: no systemd-analyze)'}`, () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'syllabus-units-')), 'units')
  mkdirSync(folder)
  // They name the folder of an installation; its Node has to be there.
  const files = units.map((unit) => {
    const path = join(folder, basename(unit))
    writeFileSync(path, readFileSync(unit, 'utf8').replaceAll('/opt/syllabus/node_modules', `${root}/node_modules`))
    return path
  })
  const { code, output } = runTool(analyze!, ['verify', ...files])
  expect({ code, output }).toEqual({ code: 0, output: '' })
  writeFileSync(files[0]!, readFileSync(files[0]!, 'utf8').replace('[Service]', '[Service]\nKillMood=mixed'))
  expect(runTool(analyze!, ['verify', ...files]).output).toContain('KillMood')
})
