import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runTool, tool, without } from '../../support/deploy-tools.ts'

const file = join(import.meta.dirname, '../../../deploy/compose.yaml')
const check = tool('check-jsonschema')

test.skipIf(!check)(
  without(check, 'check-jsonschema', 'the compose file holds by the schema of its specification'),
  () => {
    const holds = (path: string) => runTool(check!, ['--builtin-schema', 'vendor.compose-spec', path])
    expect(holds(file)).toEqual({ code: 0, output: 'ok -- validation done\n' })
    const other = join(mkdtempSync(join(tmpdir(), 'syllabus-compose-')), 'compose.yaml')
    writeFileSync(other, readFileSync(file, 'utf8').replaceAll('read_only: true', 'read_only: [true]'))
    expect(holds(other).code).toBe(1)
  },
)
