import { createHash } from 'node:crypto'
import type { ScorerChoice, SkillInfo, TrainingRow } from '../../schemas/task.ts'
import type { ImportLog } from './import-log.ts'

/** A question with its gold, as it is read. `key` distinguishes two problems; items of one `group` go to one split, null stands alone. */
export type SourceItem = {
  id: string
  skill: string
  group: string | null
  input: string
  answer: string
  /** Further golds, where the source accepts several answers. */
  alternatives?: readonly string[]
  key: string
  /** The question as the paper's seed file has it; `{question: input}` where this is left out. */
  seed?: SeedFields
}

export type SeedFields = Readonly<Record<string, string>>

/** Named columns and the like, for the importers that need them. */
export type ImportOptions = Readonly<Record<string, string | undefined>>

/** What `task.yaml` says of an imported set. */
export type TaskProfile = {
  title: string
  description: string
  goal: string
  instruction: string
  scorer: ScorerChoice
  /** What each skill is, by its name; a skill without a line here is described by its name. */
  skills: Readonly<Record<string, string>>
  departures: readonly string[]
  /** The answers, where each is one of a few. */
  labels?: readonly string[]
  /** What a person still has to write, by the key of task.yaml. */
  todo?: Readonly<Partial<Record<'description' | 'goal' | 'instruction', string>>>
}

/** Reads one published format. `items` is walked twice, so it must give the same items each time. */
export type Importer = {
  name: string
  /** What SRC has to be. */
  source: string
  /** What the task is; where the source decides it, that is read. */
  profile: (options: ImportOptions, source: string) => TaskProfile | Promise<TaskProfile>
  items: (source: string, log: ImportLog, options: ImportOptions) => AsyncGenerator<SourceItem>
  /** Published worked solutions that are no items; examples are taken from them first. */
  solutions?: (source: string, log: ImportLog) => Promise<TrainingRow[]>
}

/** A field as text: sets that say "all strings" come back from other tools with numbers in them. Anything else is an empty text. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
}

/** A name as skills need it: lower-case words joined by hyphens. */
export function skillName(text: string): string {
  const name = text
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
    .join('-')
  return name || 'other'
}

export function describeSkill(skills: TaskProfile['skills'], name: string): SkillInfo {
  const described = Object.hasOwn(skills, name) ? skills[name] : undefined
  return { name, description: described ?? `Questions marked ${name}.` }
}

/** A short name of the text that a group shares. */
export function groupOf(kind: string, shared: string): string {
  return `${kind}:${createHash('sha256').update(shared).digest('hex').slice(0, 24)}`
}
