import type { Row } from '../../schemas/row.ts'

/** Where a row comes from, as columns of text that every format can hold; null where it does not apply. */
export const provenanceColumns = [
  'id',
  'run',
  'attempt',
  'skill',
  'source',
  'generator',
  'seed',
  'teacher_model',
  'teacher_parameters',
  'prompt_hash',
  'reply_hash',
  'checks',
  'judge_score',
] as const

type Provenance = Record<(typeof provenanceColumns)[number], string | null>

/** The provenance of one row of a run. */
export function provenanceOf({ id, skill, source, origin }: Row, run: string): Provenance {
  const { generator, seed, teacher, judge } = origin
  return {
    id,
    run,
    attempt: id.slice(1, id.indexOf('.')),
    skill,
    source,
    generator,
    seed: seed ?? null,
    teacher_model: teacher?.model ?? null,
    teacher_parameters: teacher?.parameters ? JSON.stringify(teacher.parameters) : null,
    prompt_hash: teacher?.promptHash ?? null,
    reply_hash: teacher?.replyHash ?? null,
    checks: teacher?.checks.join('; ') ?? null,
    judge_score: judge ? String(judge.score) : null,
  }
}
