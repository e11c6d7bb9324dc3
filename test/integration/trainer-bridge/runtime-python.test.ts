import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { install } from '../../../provision/installer.ts'
import { runtimePackage } from '../../../provision/mod.ts'
import { runCommand } from '../../../provision/run-command.ts'
import { runtimePython } from '../../support/python.ts'

/** Of test_families.py: `all`, or names with commas; then those alone are tried, which takes up to a minute each. */
const families = process.env.SYLLABUS_FAMILIES
const longestMs = families ? 4 * 3600_000 : 900_000

test("the runtime's own tests pass", { timeout: longestMs }, async () => {
  const command = await runtimePython()
  const target = await mkdtemp(join(tmpdir(), 'syllabus-pytest-'))
  try {
    const requirements = join(runtimePackage, 'requirements-test.txt')
    const args = ['--target', target, '--require-hashes', '-r', requirements]
    await install({ python: { command, version: '' }, args })
    const output = await runCommand(
      command,
      ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', ...(families ? ['tests/test_families.py'] : [])],
      {
        cwd: runtimePackage,
        env: { ...process.env, PYTHONPATH: target, PYTHONDONTWRITEBYTECODE: '1' },
        timeoutMs: longestMs,
      },
    )
    expect(output).toMatch(/\d+ passed/)
  } finally {
    await rm(target, { recursive: true, force: true })
  }
})
