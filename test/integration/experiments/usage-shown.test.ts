import { describe, expect, test } from 'vitest'
import { type LogEntry, reportHtml, reportMarkdown } from '../../../evidence/report/mod.ts'
import { spentOn } from '../../../schemas/spent.ts'
import type { UsageLine } from '../../../schemas/usage.ts'
import * as page from '../../../trace/web/usage.ts'
import { reportData } from '../../support/report-data.ts'
import { runLog } from '../../support/run-log.ts'

const line = (role: UsageLine['role'], stage: UsageLine['stage'], calls: number): UsageLine => ({
  role,
  model: role === 'planner' ? 'thinker' : 'teacher',
  stage,
  calls,
  inputTokens: 1000 * calls,
  outputTokens: 100 * calls,
})
const written = spentOn([line('generator', 'generate', 10), line('generator', 'lost', 3)])
const round = spentOn([...written.lines!, line('critic', 'vote', 20)])
const planned = spentOn([line('planner', 'plan', 2)])

/** The log of a run whose models were paid: four datasets of one round each, and three decisions of a model. */
function paidLog(prices: Record<string, { inputPerMillion: number; outputPerMillion: number }>): LogEntry[] {
  return runLog().map((entry) => {
    const payload = entry.payload as Record<string, unknown> & { attempt: number }
    switch (entry.name) {
      case 'run-started':
        return { ...entry, payload: { config: { ...(payload.config as object), prices } } }
      case 'verdict':
        return { ...entry, payload: { ...payload, spent: round } }
      case 'batch':
        return { ...entry, payload: { ...payload, spent: written } }
      case 'decision':
        return { ...entry, payload: payload.attempt > 0 ? { ...payload, spent: planned } : payload }
      default:
        return entry
    }
  })
}

const prices = {
  teacher: { inputPerMillion: 1, outputPerMillion: 10 },
  thinker: { inputPerMillion: 10, outputPerMillion: 100 },
}

describe('the report', () => {
  test('counts every role once, whatever both batch and verdict say', () => {
    const { budget } = reportData(paidLog(prices))
    expect(budget).toMatchObject({ teacherCallsUsed: 4 * 33, plannerCallsUsed: 3 * 2 })
    const calls = Object.fromEntries(budget.usage.map(({ stage, calls }) => [stage, calls]))
    expect(calls).toEqual({ generate: 40, lost: 12, vote: 80, plan: 6 })
    expect(budget.usage.reduce((sum, { inputTokens }) => sum + inputTokens, 0)).toBe(budget.inputTokens)
    // A teacher's call costs 0.002 dollars, the planner's ten times as much.
    expect(budget.price).toBeCloseTo(4 * 33 * 0.002 + 6 * 0.02)
  })

  test('shows the lines in every form, and leaves a price that is not known unknown', () => {
    const { teacher: _, ...some } = prices
    const data = reportData(paidLog(some))
    expect(data.budget.price).toBeNull()
    expect(data.budget.usage.map(({ money }) => money === null)).toEqual([true, true, true, false])
    for (const text of [reportHtml(data), reportMarkdown(data)]) {
      expect(text).toContain('solve again and vote')
      expect(text).toContain('lost in a crash')
      expect(text).toContain('thinker')
    }
  })
})

describe('the page', () => {
  test('counts a round once, though its batches came before its verdict', () => {
    const usage = page.createUsage()
    page.noteBatch(usage, { round: { attempt: 1, round: 1 }, shard: 0, spent: written })
    page.noteBatch(usage, { round: { attempt: 1, round: 1 }, shard: 0, spent: written })
    expect(page.teacherCalls(usage)).toBe(13)
    page.noteVerdict(usage, { attempt: 1, round: 1, spent: round })
    page.noteBatch(usage, { round: { attempt: 1, round: 1 }, shard: 0, spent: written })
    expect(page.teacherCalls(usage)).toBe(33)
    page.noteDecision(usage, { attempt: 1, spent: planned })
    expect(page.plannerCalls(usage)).toBe(2)
    expect(page.tokens(usage)).toBe(35 * 1100)
    expect(page.money(usage, prices)).toBeCloseTo(33 * 0.002 + 2 * 0.02)
    expect(page.money(usage, {})).toBeNull()
    expect(page.spentLines(usage)[0]).toMatchObject({ role: 'critic', stage: 'vote', calls: 20 })
  })
})
