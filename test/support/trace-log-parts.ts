import type { ScoreSheet } from '../../schemas/score.ts'
import type { SealedTrivial } from '../../schemas/trivial.ts'
import { skills } from './run-log-data.ts'

export const parts = ['in-template', 'heldout-phrasing', 'heldout-range']
/** Numbers in [0, 1), the same for the same seed. */
export function randomOf(seed: number) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

export function sheetOf(
  random: () => number,
  accuracy: number,
  perSkill: number,
  partNames: readonly string[],
): ScoreSheet {
  const tally = (total: number, p: number) => {
    let correct = 0
    for (let item = 0; item < total; item++) if (random() < p) correct++
    return { strict: { correct, total }, lenient: { correct: Math.min(total, correct + 1), total } }
  }
  const difficulty = [1.45, 0.55, 0.8, 1.2, 0.75, 1.25]
  const bySkill = Object.fromEntries(
    skills.map((s, i) => [s, tally(perSkill, Math.min(0.97, accuracy * difficulty[i]!))]),
  )
  const correct = Object.values(bySkill).reduce((sum, score) => sum + score.strict.correct, 0)
  const total = perSkill * skills.length
  const shift: Record<string, number> = {
    'in-template': 1.3,
    'heldout-phrasing': 0.9,
    'heldout-range': 0.75,
    handwritten: 0.7,
  }
  const byPart = Object.fromEntries(
    partNames.map((part) => [
      part,
      tally(Math.round(total / partNames.length), Math.min(0.97, accuracy * shift[part]!)),
    ]),
  )
  const overall = { strict: { correct, total }, lenient: { correct: Math.min(total, correct + 4), total } }
  return { overall, byPart, bySkill, truncated: 1 }
}

/** What needs no student on the test: one answer that is right for every twelfth item, and of a final that collapsed, its own. */
export function sealedTrivial(partNames: readonly string[], collapsed: boolean): SealedTrivial[] {
  const tally = (total: number) => {
    const score = { correct: Math.round(total / 12), total }
    return { strict: score, lenient: score }
  }
  const byPart = Object.fromEntries(partNames.map((part) => [part, tally(68)]))
  const reported = {
    evalSet: 'test' as const,
    marks: Array.from({ length: 270 }, (_, at) => (at % 12 === 0 ? 3 : 0)).join(''),
    sheet: { overall: tally(270), byPart },
  }
  return [
    { ...reported, kind: 'gold', item: 'validation-0' },
    ...(collapsed ? [{ ...reported, kind: 'reply' as const, studentModel: 'final' }] : []),
  ]
}
