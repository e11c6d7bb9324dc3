import { join } from 'node:path'
import { isReference } from '../../launcher/plugin/reference.ts'
import { resolvePlugin } from '../../launcher/plugin/resolve.ts'
import { BusLimits } from '../../schemas/bus-limits.ts'
import type { LocalPlugin } from '../../schemas/plugin.ts'
import type { Program } from '../../schemas/program.ts'
import { boundBy, queueOf } from '../../schemas/queue.ts'
import type { AgentRole } from '../../schemas/role.ts'
import { PluginLimits } from '../../schemas/session-limits.ts'
import type { Task } from '../../schemas/task.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { asksModel, isBuiltIn, sourceKindsOf, variantsOf } from '../../schemas/variants.ts'
import { loadTask } from '../../tasks/load.ts'
import { checkedProgram } from '../checks/check-program.ts'
import { NotStarted, openTeam, type Subject } from './checked-agent.ts'
import { criticChecks, openCriticLab } from './critic.ts'
import { type Finding, runChecks } from './finding.ts'
import { firstSkillProgram, generatorChecks, openGeneratorLab } from './generator.ts'
import { type Lab, openLab } from './lab.ts'
import { openPlannerLab, plannerChecks, planningReply } from './planner.ts'
import { openPrivateBus } from './private-bus.ts'
import { startStubTeacher } from './stub-teacher.ts'

export type AgentCheck = {
  /** A built-in variant, or a plug-in as a topology names it. */
  reference: string
  /** Where two roles have a variant of that name. */
  role?: AgentRole | undefined
  task: string
  /** The program whose first source is asked for; left out: rows of the task's first skill. */
  program?: string | undefined
  /** What the model says to everything; left out: a row of its own for each prompt. */
  reply?: string | undefined
  options?: Subject['options']
}

export type AgentFindings = { role: AgentRole; variant: string; findings: Finding[]; failed: number; log: string }

/** Roles that there is a suite for. */
const suites: readonly AgentRole[] = ['generator', 'critic', 'planner']

/** Kills are found out soon; a message survives all of them. */
const topology = {
  plugins: PluginLimits.parse({}),
  bus: BusLimits.parse({ agentTtlMs: 4000 }),
  delivery: Object.fromEntries(
    ['shard', 'batch', 'run-started', 'verdict'].map((name) => [
      name,
      { ackWaitMs: 2000, maxDeliver: 20, backoffMs: [200] },
    ]),
  ),
}

/** Which role a plug-in is of is known once its code was asked: roles are tried in turn. @throws UsageError */
async function pluginOf(reference: string, role: AgentRole | undefined): Promise<LocalPlugin> {
  const place = { variant: reference, file: join(process.cwd(), 'topology.yaml') }
  const [first, ...others] = role ? [role] : suites
  const trying = (each: AgentRole) => resolvePlugin({ ...place, role: each }, {}, topology.plugins)
  try {
    return await trying(first!)
  } catch (error) {
    for (const other of others) {
      const found = await trying(other).catch(() => null)
      if (found) return found
    }
    throw error
  }
}

/** The variant that is named. @throws UsageError */
async function subjectOf({ reference, role, options = {} }: AgentCheck): Promise<Subject> {
  if (isReference(reference)) {
    const plugin = await pluginOf(reference, role)
    const { name: variant, asksModel, sources = [] } = plugin
    return {
      reference,
      role: plugin.role,
      variant,
      queue: queueOf(variant, ...boundBy(plugin)),
      asksModel,
      sources,
      options,
      plugin,
    }
  }
  const having = suites.filter((each) => isBuiltIn(each, reference))
  const chosen = role ?? having[0]
  if (!chosen || !having.includes(chosen)) {
    const known = suites.map((each) => `${each}: ${variantsOf[each].join(', ')}`).join('; ')
    throw new UsageError(
      `"${reference}" is no variant that can be checked.`,
      `Name a built-in one (${known}), or a plug-in: ./my-generator.ts, python:./my_generator.py.`,
    )
  }
  if (having.length > 1 && role === undefined)
    throw new UsageError(
      `"${reference}" is a variant of ${having.join(' and of ')}.`,
      `Name which: --role ${having[0]}.`,
    )
  const sources = chosen === 'generator' ? sourceKindsOf({ variant: reference }) : []
  const isAsking = asksModel({ variant: reference })
  return { reference, role: chosen, variant: reference, queue: reference, asksModel: isAsking, sources, options }
}

/**
 * Runs the conformance suite of the variant's role against it, on a NATS server of its own.
 * @throws UsageError where the variant, the task or the program cannot be used
 */
export async function checkAgent(asked: AgentCheck, onFinding: (finding: Finding) => void): Promise<AgentFindings> {
  const subject = await subjectOf(asked)
  const task = await loadTask(asked.task)
  const program = asked.program
    ? (await checkedProgram(asked.program, { task })).program
    : firstSkillProgram(task, subject.role === 'generator' ? subject.sources : ['procedure'])
  const { reply } = asked
  const replyTo = subject.role === 'planner' ? planningReply(task, program) : undefined
  await using teacher = await startStubTeacher(reply === undefined ? replyTo : () => reply)
  await using bus = await openPrivateBus(subject.role, subject.queue, topology)
  await using team = openTeam(bus, subject, topology, teacher)
  const parts = { subject, bus, team, teacher }
  const findings = await suiteOf(parts, task, program, onFinding)
  const failed = findings.filter(({ passed }) => !passed).length
  return { role: subject.role, variant: subject.variant, findings, failed, log: failed > 0 ? await bus.logged() : '' }
}

async function suiteOf(
  parts: Parameters<typeof openLab>[0],
  task: Task,
  program: Program,
  onFinding: (finding: Finding) => void,
): Promise<Finding[]> {
  const start: Finding = { check: 'start', expects: 'its process is there and works', passed: true }
  let lab: Lab
  try {
    lab = await openLab(parts)
  } catch (error) {
    if (!(error instanceof NotStarted)) throw error
    const finding = {
      ...start,
      passed: false,
      what: error.message,
      look: error.fix ?? 'See the last lines of its log.',
    }
    onFinding(finding)
    return [finding]
  }
  onFinding(start)
  switch (parts.subject.role) {
    case 'generator':
      return [start, ...(await runChecks(generatorChecks, await openGeneratorLab(lab, task, program), onFinding))]
    case 'planner':
      return [start, ...(await runChecks(plannerChecks, await openPlannerLab(lab, task, program), onFinding))]
    case 'critic':
      return [start, ...(await runChecks(criticChecks, await openCriticLab(lab, task), onFinding))]
    default:
      throw new UsageError(
        `There is no suite for the role ${parts.subject.role}.`,
        `There is one for ${suites.join(', ')}.`,
      )
  }
}
