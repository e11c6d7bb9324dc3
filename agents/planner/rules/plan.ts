import { maxPhrasings } from '../../../schemas/task.ts'
import type { Situation } from '../policy.ts'
import type { Manner } from '../program/programs.ts'
import type { Diagnosis } from './diagnose.ts'
import { mannerOfPrompted } from './prompted-program.ts'

/** What the next program shall be: rows by weight, and the manner of each skill. */
export type Intent = {
  weights: Map<string, number>
  manner: Map<string, Manner>
  moves: readonly Move[]
  carryShare: number
}

const moves = ['mix', 'phrasing', 'range', 'difficulty'] as const
type Move = (typeof moves)[number]

/** The draft: most phrasings, a good part of wide numbers, all difficulties. */
const draftManner: Manner = { phrasings: 6, wideShare: 0.4, difficulty: [1, 1, 1] }
/** The same for further drafts beside it, or from nothing again: each of phrasings, wide numbers and difficulty in turn. */
const otherDrafts: readonly Manner[] = [
  { ...draftManner, wideShare: 0.7 },
  { ...draftManner, difficulty: [0.5, 1, 1.5] },
  { ...draftManner, phrasings: maxPhrasings },
  { ...draftManner, difficulty: [1.5, 1, 0.5] },
  { ...draftManner, wideShare: 0.1 },
  { phrasings: maxPhrasings, wideShare: 0.7, difficulty: [0.5, 1, 1.5] },
  { phrasings: maxPhrasings, wideShare: 0.1, difficulty: [1.5, 1, 0.5] },
]
const mannerOfDraft = (variation = 0): Manner =>
  variation === 0 ? draftManner : otherDrafts[(variation - 1) % otherDrafts.length]!

/** A gap below this is noise at thirty items a part. */
const gapThatCounts = 0.05
const carryShare = 0.5

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value))

function previousManner(situation: Situation, skill: string): Manner {
  const from = situation.best ?? situation.history.at(-1)
  const source = from?.program?.sources.find((each) => each.skill === skill)
  if (source?.kind === 'prompt') return mannerOfPrompted(source) ?? draftManner
  return source
    ? { phrasings: source.phrasings, wideShare: source.wideShare, difficulty: source.difficulty }
    : draftManner
}

/** Easier problems for a skill hardly learned, harder ones for a skill nearly mastered. */
function shiftDifficulty(manner: Manner, estimate: number): Manner {
  const [easy, middle, hard] = manner.difficulty
  if (estimate > 0.8) return { ...manner, difficulty: [easy * 0.5, middle, hard * 1.5] }
  if (estimate < 0.4) return { ...manner, difficulty: [easy * 1.5, middle, hard * 0.5] }
  return manner
}

/**
 * Improve: from the best attempt, all moves at once; after attempts that did not beat it one move alone, in turn, each time
 * at a smaller step, so that what helped can be distinguished.
 */
function improve(situation: Situation, diagnosis: Diagnosis): Intent {
  // Of several that are planned at the same time the first one does as if it were alone, the others make the next moves.
  const turn = diagnosis.stale + (situation.variation ?? 0)
  const active = turn === 0 ? moves : [moves[(turn - 1) % moves.length]!]
  const step = 1 / (1 + Math.floor(turn / moves.length))
  const weights = new Map<string, number>()
  const manner = new Map<string, Manner>()
  for (const { name: skill } of situation.task.skills) {
    const estimate = diagnosis.skills.get(skill) ?? diagnosis.mean
    let next = previousManner(situation, skill)
    if (active.includes('phrasing') && (diagnosis.gaps.phrasing > gapThatCounts || active.length === 1))
      next = { ...next, phrasings: clamp(next.phrasings + Math.ceil(2 * step), 1, maxPhrasings) }
    if (active.includes('range') && (diagnosis.gaps.range > gapThatCounts || active.length === 1))
      next = { ...next, wideShare: clamp(next.wideShare + 0.2 * step, 0, 0.8) }
    if (active.includes('difficulty')) next = shiftDifficulty(next, estimate)
    manner.set(skill, next)
    const pull = active.includes('mix') ? step * 2 * (diagnosis.mean - estimate) : 0
    weights.set(skill, clamp(1 + pull, 0.6, 1.6))
  }
  return { weights, manner, moves: active, carryShare }
}

/** Same weights for all skills, and one manner. */
function even(situation: Situation, mannerOf: (skill: string) => Manner): Intent {
  const skills = situation.task.skills.map((skill) => skill.name)
  return {
    weights: new Map(skills.map((skill) => [skill, 1])),
    manner: new Map(skills.map((skill) => [skill, mannerOf(skill)])),
    moves: [],
    carryShare: 0,
  }
}

/** What the next program is to change, by the operation that is wanted. */
export function plan(situation: Situation, diagnosis: Diagnosis): Intent {
  switch (situation.operation) {
    case 'draft':
    case 'debug':
      return even(situation, () => mannerOfDraft(situation.variation))
    case 'repair':
      return {
        ...even(situation, (skill) => ({
          phrasings: maxPhrasings,
          wideShare: clamp(previousManner(situation, skill).wideShare + 0.3, 0, 1),
          difficulty: [1, 1, 1],
        })),
        carryShare: 1,
      }
    case 'improve':
      return improve(situation, diagnosis)
    default:
      return situation.operation satisfies never
  }
}
