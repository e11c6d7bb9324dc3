import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkAgent } from '../../../experiments/conformance/check-agent.ts'
import type { Finding } from '../../../experiments/conformance/finding.ts'
import { agentRoles } from '../../../schemas/role.ts'
import { variantsOf } from '../../../schemas/variants.ts'
import { bundledTask } from '../../../tasks/bundled-task.ts'
import { folderOf, generatorText } from '../../support/plugin-files.ts'

const checked = agentRoles
  .filter((role) => role === 'generator' || role === 'critic' || role === 'planner')
  .flatMap((role) => variantsOf[role].map((reference) => ({ role, reference: reference as string })))

const failed = (findings: readonly Finding[]) => findings.filter(({ passed }) => !passed)

describe('the built-in variants pass the suite of their role', () => {
  test.each(checked)('$role $reference', { timeout: 240_000 }, async ({ role, reference }) => {
    const found = await checkAgent({ reference, role, task: bundledTask }, () => {})
    expect(failed(found.findings), found.log.slice(-3000)).toEqual([])
    expect(found.findings.filter(({ skipped }) => skipped === undefined).length).toBeGreaterThanOrEqual(6)
  })
})

describe('what is wrong with an agent is found, and said with where to look', () => {
  const row =
    'candidateOf(work, { index, input: [work.source.skill, index, work.shard.seed].join(" "), output: "\\\\boxed{1.00}" })'
  const rows = `indexesOf(work).map((index) => ${row})`
  test.each([
    [
      'makes no row',
      'return { candidates: [], failures: indexesOf(work).map((index) => ({ index, reason: "none" })) }',
      'outcomes',
    ],
    [
      'follows chance',
      `return { candidates: ${rows}.map((row) => ({ ...row, input: row.input + Math.random() })), failures: [] }`,
      'determinism',
    ],
    [
      'follows what came before',
      `globalThis.n = (globalThis.n ?? 0) + 1; return { candidates: ${rows}.map((row) => ({ ...row, input: row.input + globalThis.n })), failures: [] }`,
      'determinism',
    ],
    [
      'ignores the seed',
      `return { candidates: ${rows}.map((row) => ({ ...row, input: row.id })), failures: [] }`,
      'determinism',
    ],
  ])('one that %s', { timeout: 240_000 }, async (_what, make, check) => {
    const folder = folderOf({ 'mine.ts': generatorText(make, { sources: "['procedure']" }) })
    const found = await checkAgent({ reference: join(folder, 'mine.ts'), task: bundledTask }, () => {})
    const [first] = failed(found.findings)
    expect(first).toMatchObject({ check, what: expect.any(String), look: expect.stringMatching(/\w/) })
  })

  test('one that cannot be loaded is bad input, with its line', async () => {
    const folder = folderOf({ 'mine.ts': 'export const = 1\n' })
    const asked = { reference: join(folder, 'mine.ts'), task: bundledTask }
    await expect(checkAgent(asked, () => {})).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringContaining('mine.ts:1'),
      fix: expect.stringMatching(/Correct/),
    })
  })

  test.each([
    ['nobody', /no variant that can be checked/],
    ['rules', /variant of .* and of/],
    ['peft', /no variant that can be checked/],
  ])('"%s" is refused', async (reference, reason) => {
    await expect(checkAgent({ reference, task: bundledTask }, () => {})).rejects.toThrow(reason)
  })
})
