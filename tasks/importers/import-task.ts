import { rm, writeFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { plural } from '../../schemas/number-text.ts'
import { goldsOf, maxSeeds, type TrainingRow } from '../../schemas/task.ts'
import { LineWriter } from '../files/line-writer.ts'
import { newFolder } from '../files/new-folder.ts'
import { loadTask } from '../load.ts'
import { scorerNamed } from '../scorers/mod.ts'
import { ownScore } from '../scorers/scorer.ts'
import { isSeed, notASeed } from '../seed-pool.ts'
import { TaskError } from '../task-error.ts'
import { assignSplits, type Division, type ItemUse } from './assign-splits.ts'
import { type AuditKeys, auditKeys, writeAuditFile } from './audit-file.ts'
import { ImportLog } from './import-log.ts'
import { type Import, type ImportPlan, toItem } from './import-plan.ts'
import { type Importer, type SeedFields, type SourceItem, skillName } from './importer.ts'
import { groupKey, ItemTable } from './item-table.ts'
import { DiskSet, fingerprint, openScratch } from './scratch.ts'
import { inferenceFor, type SplitFiles, taskFileNames, taskYaml } from './task-yaml.ts'

export type ImportResult = { log: ImportLog; counts: Record<ItemUse | 'solutions', number> }

/** Questions beside validation : test = 1 : 3, as in the paper. */
const validationShare = 1 / 4
/** Worked examples at least, and at most where they are to cover more kinds of items than that. */
const [exampleCount, mostExamples] = [3, 8]
const scratchName = 'scratch.sqlite'
/** Larger folders are not read back whole to be checked. */
const maxChecked = 20_000

/**
 * Reads a published set into a task folder that `loadTask` accepts. The folder appears whole or not at all.
 * @throws TaskError for a source that cannot be read, a folder that exists already, and a set too small to be divided
 */
export async function importTask(
  importer: Importer,
  source: string,
  out: string,
  plan: ImportPlan,
): Promise<ImportResult> {
  return newFolder(out, async (partial) => {
    const scratch = openScratch(`${partial}/${scratchName}`)
    const job = { importer, source, folder: partial, plan, log: new ImportLog(), scratch }
    const result = await writeFolder(job, basename(resolve(out))).finally(() => scratch.close())
    await rm(`${partial}/${scratchName}`)
    if (result.log.kept <= maxChecked) await loadTask(partial)
    return result
  })
}

async function writeFolder(begun: Omit<Import, 'profile'>, name: string): Promise<ImportResult> {
  const { importer, source, folder, plan, log } = begun
  const profile = await importer.profile(plan.options, source)
  const job = { ...begun, profile }
  const solutions = (await importer.solutions?.(source, log)) ?? []
  const auditFile = typeof plan.audit === 'string' ? plan.audit : null
  const taken = auditFile === null ? null : await auditKeys(job, auditFile)
  const table = await readTable(job, taken)
  for (const [one, other] of plan.alike(table.takeTexts())) table.join(one.key, other.key)
  const splitPlan = {
    audit: typeof plan.audit === 'number' ? plan.audit : 0,
    examples: solutions.length > 0 ? 0 : Math.max(exampleCount, Math.min(mostExamples, table.kinds.count)),
    seeds: plan.seeds,
    validationShare,
    evaluated: plan.evaluated,
  }
  const division = assignSplits(table, splitPlan)
  const counts = { ...division.counts, solutions: solutions.length }
  if (counts.validation === 0 || counts.test === 0) {
    const why = `Only ${table.kept} ${plural(table.kept, 'question')} in ${division.groups} ${plural(division.groups, 'group')}: too few to divide`
    // An example, a validation item and a test item at least, whatever is asked for.
    const least = splitPlan.audit + splitPlan.examples + splitPlan.seeds + 2
    const fewer = splitPlan.audit + splitPlan.seeds > 0 ? ', or ask for fewer audit items and seeds' : ''
    throw new TaskError(
      why,
      source,
      `Give at least ${least} questions in as many groups (200 are enough to measure with)${fewer}.`,
    )
  }
  if (division.unused > 0) {
    const least = division.counts.validation + division.counts.test
    log.note(
      `${division.unused} ${plural(division.unused, 'question is', 'questions are')} not used: ${least} are enough to measure with (task init --items)`,
    )
  }
  if (division.lopsided.length > 0) log.note(lopsidedNote(division.lopsided))

  const written = await writeItems(job, division)
  counts.seed = written.seeds.length
  if (auditFile !== null) {
    written.splits.audit = await writeAuditFile(job, auditFile)
    counts.audit = written.splits.audit.count
  }
  const rows = solutions.length > 0 ? pick(solutions, ({ input }) => input, plan.seed, exampleCount) : written.examples
  if (rows.length === 0)
    throw new TaskError('No question could be set aside as an example', source, 'Point at the whole set.')
  await writeJson(folder, taskFileNames.fewShot, rows)
  await writeJson(folder, taskFileNames.sample, rows)
  if (written.seeds.length > 0) await writeJson(folder, taskFileNames.seed, written.seeds)
  if (solutions.length > 0) {
    const lines = solutions.map((row) => `${JSON.stringify(row)}\n`)
    await writeFile(`${folder}/${taskFileNames.solutions}`, lines.join(''))
  }
  const yaml = taskYaml(
    skillName(name),
    profile,
    table.skills.map(([name]) => name),
    written.splits,
    written.seeds.length > 0,
    inferenceFor(profile, written.longest, plan.sizes),
    plan.sizes,
  )
  await writeFile(`${folder}/task.yaml`, yaml)
  const { read, kept, listed, notes } = log
  const dropped = Object.fromEntries(log.dropped)
  const summary = { importer: importer.name, seed: plan.seed, read, kept, counts, dropped, listed, notes }
  await writeJson(folder, taskFileNames.summary, summary)
  return { log, counts }
}

const maxNamed = 20

function lopsidedNote(skills: readonly string[]): string {
  const named = skills.length > maxNamed ? [...skills.slice(0, maxNamed), '…'] : skills
  return `Skills with too few questions to be in both validation and test: ${skills.length} (${named.join(', ')}).`
}

const splits = ['validation', 'test', 'audit'] as const
/** `longest`: characters of the longest answer. */
type Written = { splits: SplitFiles; examples: TrainingRow[]; seeds: SeedFields[]; longest: number }

/** Second walk: each item goes to the file of its role. */
async function writeItems(job: Import, division: Division): Promise<Written> {
  const { importer, source, folder, profile, log } = job
  const { seed, options, signal } = job.plan
  const scorer = (await scorerNamed(profile.scorer.name))!
  const assigned = division.roles()
  const writerOf = (split: keyof SplitFiles) => new LineWriter(`${folder}/${taskFileNames[split]}`)
  const writers = {
    validation: writerOf('validation'),
    test: writerOf('test'),
    ...(division.counts.audit > 0 && { audit: writerOf('audit') }),
  }
  const examples: TrainingRow[] = []
  const seeds: SeedFields[] = []
  let longest = 0
  const addSeed = (seed: SeedFields, id: string): void => {
    if (isSeed(seed)) seeds.push(seed)
    else log.drop(id, notASeed)
  }
  try {
    for await (const entry of importer.items(source, new ImportLog(), options)) {
      signal?.throwIfAborted()
      const item = toItem(entry, profile)
      longest = goldsOf(item).reduce((most, { length }) => Math.max(most, length), longest)
      const role = assigned.next()
      if (role.done) throw changed(source)
      const split = splits.find((each) => each === role.value)
      if (split) await writers[split]!.write(JSON.stringify(item))
      else if (role.value === 'example')
        examples.push({ instruction: item.instruction, input: item.input, output: scorer.inForm(item.answer) })
      else if (role.value === 'seed') addSeed(entry.seed ?? { question: item.input }, item.id)
    }
    if (!assigned.next().done) throw changed(source)
    const { validation, test, audit } = writers
    const files: SplitFiles = { validation: await validation.close(), test: await test.close() }
    if (audit) files.audit = await audit.close()
    return { splits: files, examples, seeds: pick(seeds, JSON.stringify, seed, maxSeeds), longest }
  } finally {
    for (const writer of Object.values(writers)) writer.destroy()
  }
}

const changed = (source: string) => new TaskError('The source changed while it was read', source, 'Import it again.')

/** So many of the values, the same whatever their order. */
function pick<T>(values: T[], textOf: (value: T) => string, seed: number, count: number): T[] {
  if (values.length <= count) return values
  const keyed = values.map((value) => ({ value, key: fingerprint(`${seed}:${textOf(value)}`) }))
  return keyed
    .sort((a, b) => a.key - b.key)
    .slice(0, count)
    .map(({ value }) => value)
}

async function writeJson(folder: string, file: string, value: unknown): Promise<void> {
  await writeFile(`${folder}/${file}`, `${JSON.stringify(value, null, 2)}\n`)
}

/** No student reads a question this long; the splits are held in memory by those who do. */
const maxQuestionLength = 1 << 20

/** First walk: distinguishes repeats and remembers of each item its group and skill alone. */
async function readTable(job: Import, taken: AuditKeys | null): Promise<ItemTable> {
  const { importer, source, profile, log, scratch } = job
  const { options, signal, seed } = job.plan
  const table = new ItemTable(scratch, seed)
  const [inputs, ids] = [new DiskSet(scratch, 'inputs'), new DiskSet(scratch, 'ids')]
  const { name, options: scoring } = profile.scorer
  const scorer = (await scorerNamed(name))!
  const refusal = (item: SourceItem): string | null => {
    const input = fingerprint(item.input.trim())
    if (item.input.length > maxQuestionLength) return 'the question is longer than a million characters'
    const own = item.answer === '' ? null : ownScore(scorer, item.answer, scoring)
    if (!own?.strict && !own?.lenient) return `the scorer ${name} cannot match the answer`
    if (taken?.questions.has(input)) return 'stands in the audit file'
    if (item.group !== null && taken?.groups.has(groupKey(item))) return 'shares its group with the audit file'
    if (!ids.add(fingerprint(`id:${item.id}`))) return 'the id stands twice'
    return inputs.add(input) ? null : 'the question stands twice'
  }
  for await (const item of importer.items(source, log, options)) {
    signal?.throwIfAborted()
    const why = refusal(item)
    if (why === null) log.kept += 1
    else log.drop(item.id, why)
    table.add(why === null ? item : null)
  }
  if (log.kept === 0) throw new TaskError('No question could be read', source, log.firstReason())
  return table
}
