import type { Core } from '../../../schemas/task.ts'
import { skillNamed } from './skills/mod.ts'

/**
 * The canonical name of a problem: its skill and its core's values in the order of their names.
 * @throws throws on an unknown skill
 */
export function coreKey(skill: string, core: Core): string {
  const form = skillNamed(skill).canonical?.(core) ?? core
  const names = Object.keys(form).sort()
  return `${skill}:${names.map((name) => `${name}=${JSON.stringify(form[name])}`).join(';')}`
}
