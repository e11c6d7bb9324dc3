import { escapeMarkdown, frontMatterOf, markdownTable } from '../../evidence/report/document/markdown.ts'
import { numberText, plural } from '../../schemas/number-text.ts'
import { withoutControlCharacters } from '../../schemas/printable.ts'
import type { Row } from '../../schemas/row.ts'
import type { PublicTask } from '../../schemas/task.ts'
import type { ExportFormat } from './formats.ts'
import { layouts } from './layouts.ts'

/** What a data card says beside the rows themselves. */
export type ExportContext = {
  task: Pick<PublicTask, 'id' | 'title' | 'goal'> & { recipe: Pick<PublicTask['recipe'], 'system'> }
  /** Names with values: run, dataset hash, seeds, versions. */
  facts: Readonly<Record<string, string | number>>
  /** The run's id, where each row is to say in columns of its own where it comes from. */
  rowsOf?: string
}

/** What is counted of rows while they pass. */
export type Passed = { bySkill: Map<string, number>; teachers: Set<string> }

/** A data card as the Hugging Face hub reads it: YAML front matter, then what the rows are and where they come from. */
export function dataCard(
  format: ExportFormat,
  context: ExportContext,
  { bySkill: rowsBySkill, teachers }: Passed,
): string {
  const { task, facts } = context
  const rows = [...rowsBySkill.values()].reduce((sum, count) => sum + count, 0)
  const teacher = [...teachers].sort().join(', ') || 'none: rows come from the task’s own procedure'
  const frontMatter = frontMatterOf({
    pretty_name: withoutControlCharacters(task.title),
    task_categories: ['text-generation'],
    tags: ['synthetic', 'instruction-tuning', 'syllabus'],
    size_categories: [sizeCategory(rows)],
    configs: [{ config_name: 'default', data_files: [{ split: 'train', path: layouts[format].file }] }],
  })
  const bySkill = [...rowsBySkill].sort(([one], [other]) => one.localeCompare(other, 'en'))
  return `${frontMatter}
# ${escapeMarkdown(task.title)}: training rows

${escapeMarkdown(task.goal)}

${numberText(rows)} ${plural(rows, 'row')} in \`${layouts[format].file}\`, format \`${format}\`; \`dataset_info.json\` registers them for LLaMA-Factory as \`${task.id}\`.
${task.recipe.system ? `A student is trained with this system turn, which is not in the rows: ${escapeMarkdown(task.recipe.system)}\n` : ''}
## Rows by skill

${markdownTable(
  ['Skill', 'Rows'],
  bySkill.map(([skill, count]) => [skill, numberText(count)]),
)}

## Provenance

The rows are synthetic: written and admitted by the agents of Syllabus.${originNote(format, context)}

${markdownTable(
  ['Name', 'Value'],
  Object.entries({ ...facts, teacher }).map(([name, value]) => [name, String(value)]),
)}
`
}

function originNote(format: ExportFormat, { rowsOf }: ExportContext): string {
  if (rowsOf) return ` Each row says in its own columns where it comes from: ${provenanceColumns.join(', ')}.`
  return format === 'jsonl' ? ' Each row carries its own origin.' : ' `--provenance` adds each row’s own origin.'
}

/** The hub's size categories. */
function sizeCategory(rows: number): string {
  const steps: readonly [number, string][] = [
    [1e3, 'n<1K'],
    [1e4, '1K<n<10K'],
    [1e5, '10K<n<100K'],
    [1e6, '100K<n<1M'],
    [1e7, '1M<n<10M'],
  ]
  return steps.find(([limit]) => rows < limit)?.[1] ?? 'n>10M'
}

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
export function rowProvenance({ id, skill, source, origin }: Row, run: string): Provenance {
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
