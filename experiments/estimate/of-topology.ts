import { basename } from 'node:path'
import { z } from 'zod'
import { EvaluatorOptions } from '../../agents/evaluator/options.ts'
import { LlmPlannerOptions } from '../../agents/planner/llm/options.ts'
import { uniformPromptProgram } from '../../agents/planner/program/uniform-prompt.ts'
import { modelsOf } from '../../launcher/topology/models.ts'
import { studentNameOf } from '../../launcher/topology/queues.ts'
import { homeFolder, runsFolder } from '../../machine/folders.ts'
import { studentPath } from '../../provision/mod.ts'
import type { Program } from '../../schemas/program.ts'
import { ownRuntime } from '../../schemas/runtime-identity.ts'
import { searchSettingsOf } from '../../schemas/search.ts'
import type { Task } from '../../schemas/task.ts'
import type { Topology } from '../../schemas/topology.ts'
import { PayingRole } from '../../schemas/usage.ts'
import { asksModel } from '../../schemas/variants.ts'
import { publicView } from '../../tasks/load.ts'
import { hasProcedure } from '../../tasks/procedures.ts'
import { retentionOf } from '../../tasks/read-retention.ts'
import { mean, unnamedModel } from './calls.ts'
import { type Estimate, estimateRun } from './estimate.ts'
import type { QuestionCounts, Trained } from './input.ts'
import { readPast } from './past-runs.ts'

/** What is asked for; `program` and no evidence: rows alone, made once. */
export type EstimateRequest = {
  rows?: number | undefined
  attempts?: number | undefined
  evidence: Trained | null
  program?: Program | undefined
}

/** The estimate of what a task and a topology would be asked for, with what earlier runs in the folder of runs measured. */
export async function estimateOf(task: Task, topology: Topology, asked: EstimateRequest): Promise<Estimate> {
  const { run, prices, agents } = topology
  const rows = asked.rows ?? run.rows ?? task.rows.target
  const models = namedModels(topology)
  const stands = () => uniformPromptProgram(publicView(task), rows, { verification: 'none', judge: null })
  // The first valid dataset ends it, and an attempt is taken to be valid.
  const isOneShot = agents.planner.variant === 'llm-one-shot'
  const isWritten = agents.planner.variant.startsWith('llm-')
  return estimateRun({
    rows,
    attempts: asked.program || isOneShot ? 1 : (asked.attempts ?? run.attempts),
    ...(asked.evidence && searchSettingsOf(run) && { search: searchSettingsOf(run)! }),
    evidence: asked.evidence,
    evalSets: await evalSetsOf(task, topology, asked.evidence),
    program: asked.program ?? (asksModel(agents.generator) ? stands() : null),
    mayCheck: !asked.program && isWritten && asksModel(agents.critic),
    models,
    planner: isWritten ? LlmPlannerOptions.pick({ contextChars: true }).strip().parse(agents.planner.options) : null,
    instruction: task.instruction,
    fewShot: task.fewShot,
    maxNewTokens: task.inference.max_new_tokens,
    poolChars: mean(task.seeds.map(({ text }) => text.length)),
    prices,
    limits: run,
    epochs: task.recipe.num_train_epochs,
    past: await readPast(
      runsFolder(),
      { id: task.id, validation: task.validation.length },
      models.generator,
      trainedIn(topology),
    ),
  })
}

/** The student's name as runs record it, and the runtime that trains it. */
function trainedIn({ agents }: Topology): { student: string; train: string } {
  const { student = 'embedded', train = ownRuntime } = z
    .looseObject({ student: z.string().optional(), train: z.string().optional() })
    .parse(agents['trainer-bridge'].options)
  return { student: student === 'embedded' ? basename(studentPath(homeFolder())) : studentNameOf(student), train }
}

/** The model of each role that asks one; where none is named yet its calls are estimated all the same, at a price that nobody knows. */
function namedModels(topology: Topology): Partial<Record<PayingRole, string>> {
  const asking = PayingRole.options.filter((role) => asksModel(topology.agents[role]))
  return { ...Object.fromEntries(asking.map((role) => [role, unnamedModel])), ...modelsOf(topology) }
}

async function evalSetsOf(
  task: Task,
  { agents }: Topology,
  evidence: EstimateRequest['evidence'],
): Promise<QuestionCounts> {
  const { audit } = EvaluatorOptions.strip().parse(agents.evaluator.options)
  const drawn = Object.values(audit).reduce((sum, count) => sum + count, 0)
  return {
    validation: task.validation.length,
    test: task.test.length,
    audit: hasProcedure(task) ? drawn : task.audit.length,
    retention: evidence?.retention ? (await retentionOf(task)).items.length : 0,
  }
}
