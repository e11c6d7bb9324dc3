import { defaultBounds, type Program, usualFilters } from '../../../schemas/program.ts'
import type { PublicTask } from '../../../schemas/task.ts'

/** The loosest filters that a task lets a program have. */
export const loosestFilters = ({ filters }: Pick<PublicTask, 'filters'>): Program['filters'] => ({
  nearDuplicateJaccard: filters?.near_duplicate_jaccard ?? defaultBounds.nearDuplicateJaccard,
  contaminationShare: filters?.contamination_share ?? defaultBounds.contaminationShare,
})

/** The filters of programs that nobody wrote by hand: the usual ones, or tighter ones where the task wants them. */
export const filtersFor = (task: Pick<PublicTask, 'filters'>): Program['filters'] =>
  withinBounds(usualFilters, task).filters

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
