import type { TeacherLimits } from '../../../schemas/teacher.ts'

/** How the last requests ended. */
export type Outcomes = {
  note(good: boolean): void
  /** At least `breakerShare` of the last `breakerRequests` were bad, and half as many were made. */
  readonly areMostlyBad: boolean
  forget(): void
}

export type OutcomeLimits = Pick<TeacherLimits, 'breakerRequests' | 'breakerShare'>

export function createOutcomes({ breakerRequests, breakerShare }: OutcomeLimits): Outcomes {
  let last: boolean[] = []
  return {
    note(good) {
      last = [...last.slice(1 - breakerRequests), good]
    },
    get areMostlyBad() {
      const bad = last.filter((good) => !good).length
      return last.length >= breakerRequests / 2 && bad >= breakerShare * last.length
    },
    forget() {
      last = []
    },
  }
}
