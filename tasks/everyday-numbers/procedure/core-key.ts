import type { Core } from '../../../schemas/task.ts'

/** The canonical name of a problem: its skill and its core's values in the order of their names. */
export function coreKey(skill: string, core: Core): string {
  const names = Object.keys(core).sort()
  return `${skill}:${names.map((name) => `${name}=${JSON.stringify(core[name])}`).join(';')}`
}
