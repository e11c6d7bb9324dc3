import { expect, test } from 'vitest'
import { analyseComparison } from '../../../evidence/report/comparison/analyse.ts'
import { comparisonHtml, comparisonMarkdown } from '../../../evidence/report/comparison/document.ts'
import { agentsUsed, yieldsOf } from '../../../evidence/report/comparison/made.ts'
import { sha256 } from '../../../schemas/hash.ts'
import { planOf, resultsOf } from '../../support/compared-runs.ts'

const hash = sha256('mine')
const plugin = {
  ...{ schemaVersion: 1 as const, role: 'generator' as const, name: 'mine', version: '1.2.0', asksModel: false },
  ...{ reference: './mine.ts', language: 'typescript' as const, hash },
}
const variants = { planner: 'rules', critic: 'rules', 'trainer-bridge': 'peft', evaluator: 'scorer' }
const configOf = (arm: string) => ({
  variants: { ...variants, generator: arm === 'mine' ? 'mine' : 'llm' },
  ...(arm === 'mine' && { plugins: { generator: plugin } }),
})

/** Two pairs of a built-in generator and a plug-in, whose text is hostile. */
function comparison() {
  const varied = {
    llm: { settings: { generator: 'llm' } },
    mine: { settings: { generator: './mine.ts' }, plugins: { generator: plugin } },
  }
  const plan = planOf({ arms: ['llm', 'mine'], pairs: 2, varied })
  const runs = resultsOf(plan, (arm, pair) => ((arm as string) === 'llm' ? 0.4 : 0.5) + pair / 100)
  for (const run of runs) {
    run.agents = agentsUsed({ config: configOf(run.arm) as never })
    run.yields = { asked: 50, generated: 48, admitted: 40, rejected: { 'wrong-answer': 8 }, failed: { unusable: 2 } }
    run.chosen = 1
    if (run.pair === 1)
      run.rows = [{ id: 'a1.r1.s.0.0', skill: 'discount', input: `<b>${run.arm}</b> asks`, output: 'The answer is 1.' }]
  }
  return analyseComparison(plan, runs)
}

test('a comparison of settings shows what sets its arms apart, their code, yields by reason, and rows side by side', () => {
  const found = comparison()
  expect(found.yields.map(({ arm, yields }) => [arm, yields.asked, yields.rejected, yields.failed])).toEqual([
    ['llm', 100, { 'wrong-answer': 16 }, { unusable: 4 }],
    ['mine', 100, { 'wrong-answer': 16 }, { unusable: 4 }],
  ])
  for (const page of [comparisonMarkdown(found), comparisonHtml(found)]) {
    for (const text of [
      './mine.ts',
      '1.2.0',
      hash.slice(0, 12),
      'refused: wrong-answer',
      'no candidate: unusable',
      'discount',
    ])
      expect(page).toContain(text)
    expect(page).toContain('Llm − mine: −10.0 points over 2 pairs')
    expect(page).not.toContain('Planner effect')
  }
  expect(comparisonHtml(found)).not.toContain('<b>mine</b>')
  expect(comparisonHtml(found)).toContain('&lt;b&gt;mine&lt;/b&gt; asks')
})

test('yields count a round once, however often it was closed', () => {
  const bySource = { s: { asked: 5, generated: 4, admitted: 3, rejected: { format: 1 }, failed: { hook: 1 } } }
  const verdict = (attempt: number, round: number) => ({ payload: { attempt, round, bySource } })
  const verdicts = [verdict(1, 1), verdict(1, 1), verdict(1, 2), verdict(0, 1)] as never
  expect(yieldsOf({ verdicts })).toEqual({
    ...{ asked: 15, generated: 12, admitted: 9, rejected: { format: 3 }, failed: { hook: 3 } },
  })
})
