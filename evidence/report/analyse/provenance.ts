import { describePlugin } from '../../../schemas/plugin.ts'
import type { RunFacts } from '../facts/run-facts.ts'
import type { ReportData } from '../report-data.ts'
import { labelOf } from '../text/names.ts'

type Known = Pick<ReportData, 'datasets' | 'studentModels' | 'sealed' | 'bootstrap'>

/** Every seed and hash that is needed to make the run again or to check what it left behind. */
export function provenanceOf(
  facts: RunFacts,
  { datasets, studentModels, sealed, bootstrap }: Known,
  versions: Readonly<Record<string, string>>,
): ReportData['provenance'] {
  const named = (attempt: number) => (attempt === 0 ? 'control' : `attempt ${attempt}`)
  const finished = facts.finished.at(-1)?.payload
  const trainings = studentModels.flatMap(({ studentModel, training }) =>
    training && training.seed !== null
      ? [{ name: `Training of ${labelOf(studentModel).toLowerCase()}`, value: String(training.seed) }]
      : [],
  )
  const prompts = new Map(facts.decisions.flatMap(({ payload }) => Object.entries(payload.promptHashes ?? {})))
  const hash = (name: string, sha256: string | null | undefined) => (sha256 ? [{ name, sha256 }] : [])
  return {
    versions: versionsOf(facts, versions),
    seeds: [
      ...(facts.config ? [{ name: 'Run', value: String(facts.config.seed) }] : []),
      ...(finished ? [{ name: 'Replay', value: String(finished.seeds.replay) }] : []),
      ...trainings,
      ...(sealed?.auditSeed ? [{ name: 'Audit', value: sealed.auditSeed }] : []),
      { name: 'Bootstrap', value: String(bootstrap.seed) },
    ],
    hashes: [
      ...hash('Task', facts.config?.taskHash),
      ...Object.entries(facts.config?.plugins ?? {}).flatMap(([role, plugin]) =>
        hash(`Code of the ${role} ${describePlugin(plugin)}`, plugin.hash),
      ),
      ...hash('Test', sealed?.testHash),
      ...datasets.flatMap((dataset) => [
        ...hash(`Program of ${named(dataset.attempt)}`, dataset.programHash),
        ...hash(`Dataset of ${named(dataset.attempt)}`, dataset.datasetHash),
      ]),
      ...[...prompts].flatMap(([file, sha256]) => hash(`Planner's prompt ${file}`, sha256)),
      ...hash('Chosen dataset', finished?.datasetHash),
      ...studentModels.flatMap(({ studentModel, training }) => [
        ...hash(`Training job of ${labelOf(studentModel).toLowerCase()}`, training?.jobHash),
        ...hash(`Adapter of ${labelOf(studentModel).toLowerCase()}`, training?.adapterHash),
      ]),
    ],
  }
}

/** The versions given, and those that the trainings tell; where they differ, all of them. */
function versionsOf(facts: RunFacts, given: Readonly<Record<string, string>>): Record<string, string> {
  const trainings = [...facts.predictions, ...facts.reports].map(({ payload }) => payload.training?.versions ?? {})
  const named = Map.groupBy(
    [given, ...trainings].flatMap((versions) => Object.entries(versions)),
    ([name]) => name,
  )
  return Object.fromEntries(
    [...named].map(([name, entries]) => [name, [...new Set(entries.map(([, version]) => version))].join(', ')]),
  )
}
