import { type Program, usualFilters } from '../../../schemas/program.ts'
import type { PublicTask } from '../../../schemas/task.ts'

/** The loosest filters that a task lets a program have; a task that says none has the usual ones. */
export function loosestFilters({ filters }: Pick<PublicTask, 'filters'>): Program['filters'] {
  return {
    nearDuplicateJaccard: filters?.near_duplicate_jaccard ?? usualFilters.nearDuplicateJaccard,
    contaminationShare: filters?.contamination_share ?? usualFilters.contaminationShare,
  }
}

/** Filters no looser than a task lets them be, and what of them was: a higher threshold lets more rows through. */
export function withinBounds(
  filters: Program['filters'],
  task: Pick<PublicTask, 'filters'>,
): { filters: Program['filters']; notes: string[] } {
  const loosest = loosestFilters(task)
  const names = Object.keys(loosest) as (keyof Program['filters'])[]
  return {
    filters: Object.fromEntries(
      names.map((name) => [name, Math.min(filters[name], loosest[name])]),
    ) as Program['filters'],
    notes: names
      .filter((name) => filters[name] > loosest[name])
      .map((name) => `filters.${name} ${filters[name]} is looser than the task allows and was set to ${loosest[name]}`),
  }
}
