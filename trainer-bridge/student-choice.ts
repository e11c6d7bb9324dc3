import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** What a topology's `student` names: the one that comes with the project, a folder of this machine, or a model of the hub. */
export type StudentChoice =
  | { kind: 'embedded' }
  | { kind: 'folder'; path: string }
  | { kind: 'hub'; name: string; revision: string | null }

/** `org/model`, or a name without one; a revision is a branch, a tag or a commit. */
const hubName = /^(?<name>[\w.-]+(?:\/[\w.-]+)?)(?:@(?<revision>[\w./-]+))?$/

/**
 * Reads a choice. A relative path is taken from the working directory, and a folder that is there goes before a model of the hub with
 * the same name: `models/tiny` may be either.
 */
export function readStudentChoice(choice: string): StudentChoice {
  if (choice === 'embedded') return { kind: 'embedded' }
  const path = resolve(choice.replace(/^~(?=\/|$)/, homedir()))
  const hub = /^(\.{0,2}\/|~|\.{1,2}$)/.test(choice) || existsSync(path) ? null : hubName.exec(choice)
  if (hub === null) return { kind: 'folder', path }
  return { kind: 'hub', name: hub.groups!.name!, revision: hub.groups!.revision ?? null }
}

/** One text for one choice, so that two ways of writing a folder can be compared. */
export function sameStudent(one: string, other: string): boolean {
  return JSON.stringify(readStudentChoice(one)) === JSON.stringify(readStudentChoice(other))
}

/** Whether a folder holds a transformers model. */
export const holdsModel = (folder: string): boolean => existsSync(join(folder, 'config.json'))
