import { memo } from '../../agents/kit/cache.ts'
import { checkTeacher } from '../../agents/kit/teacher/check.ts'
import { type Warn, warnOnTerminal } from '../../launcher/console/terminal.ts'
import { optionsOf, usableOptions } from '../../launcher/topology/agent-options.ts'
import {
  answerServerAsked,
  askedBy,
  checkKeys,
  embedderAsked,
  type ModelUse,
} from '../../launcher/topology/endpoints.ts'
import { checkPrices, nameModel, shareConcurrency } from '../../launcher/topology/models.ts'
import { type AgentRole, agentRoles } from '../../schemas/role.ts'
import type { Topology } from '../../schemas/topology.ts'
import { PayingRole } from '../../schemas/usage.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { asksModel } from '../../schemas/variants.ts'
import { embeddingsPath } from '../../trainer-bridge/embedder/endpoint-embedder.ts'
import { BridgeOptions } from '../../trainer-bridge/options.ts'
import { serverFacts } from '../../trainer-bridge/runtimes/server-facts.ts'
import type { ModelContexts } from './check-context.ts'

/**
 * Checks what the models that a command will use need, without a paid call: options, prices, that no key goes to two endpoints, and of
 * each role's endpoint address, key and model; the trainer-bridge's embedder only where `roles` names it. What only a call can tell is a
 * warning.
 * @throws UsageError, or TeacherUnusable; both say how to fix it. Gives the sizes of the language models' contexts, as far as their
 * endpoints say them
 */
export async function checkModels(
  topology: Topology,
  roles: readonly AgentRole[] = agentRoles,
  env = process.env,
  warn: Warn = warnOnTerminal,
): Promise<ModelContexts> {
  checkPrices(topology)
  shareConcurrency(topology)
  checkOptions(topology)
  const asked = askedBy(topology, env)
  const bridge = roles.includes('trainer-bridge')
  if (bridge) bridgeOptionsOf(topology)
  const trains = bridge && topology.agents['trainer-bridge'].replicas > 0
  checkKeys(trains ? [...asked, ...embedderAsked(topology, env), ...answerServerAsked(topology, env)] : asked)
  if (trains) await checkBridge(topology, env, warn)
  const checked = memo(
    ({ endpoint, model }: ModelUse) => checkTeacher(endpoint, model!, topology.teacher.checkMs),
    ({ endpoint: { baseUrl, apiKey }, model }) => JSON.stringify([baseUrl, apiKey, model]),
  )
  const contexts = new Map<PayingRole, number | null>()
  const warnings = new Set<string>()
  // Agents elsewhere have keys of their own.
  for (const each of asked.filter(({ role }) => topology.agents[role].replicas > 0)) {
    const { contextTokens, warning } = await checked(each)
    contexts.set(each.role, contextTokens)
    if (warning !== undefined) warnings.add(warning)
  }
  for (const warning of warnings) warn(warning)
  return contexts
}

/** @throws UsageError where a role asks a model that nobody named */
function checkOptions(topology: Topology): void {
  const unnamed = PayingRole.options.filter((role) => {
    const agent = topology.agents[role]
    return asksModel(agent) && agent.options.model === undefined
  })
  if (unnamed.length > 0)
    throw new UsageError(`No model is named for ${unnamed.join(', ')} of topology ${topology.name}.`, nameModel)
  for (const role of PayingRole.options) {
    const { variant, plugin } = topology.agents[role]
    // A plug-in checks its own.
    if (plugin || !asksModel({ variant })) continue
    const fix = `Correct agents.${role}.options; its model can be named with --model or SYLLABUS_MODEL too.`
    usableOptions<unknown>(optionsOf[role], topology, role, { named: `${role} ${variant}`, fix })
  }
}

/**
 * Checks the options of a topology's trainer-bridge, and of an embedder over HTTP its address, key and model; nothing is paid.
 * @throws UsageError, or TeacherUnusable
 */
export async function checkBridge(
  topology: Topology,
  env: NodeJS.ProcessEnv = process.env,
  warn: Warn = warnOnTerminal,
): Promise<void> {
  const { infer, endpoint: named, vllm } = bridgeOptionsOf(topology)
  if (infer === 'endpoint' && !named) {
    const fix = 'Name its baseUrl and the model in agents.trainer-bridge.options.endpoint.'
    throw new UsageError('The trainer-bridge is to answer by an endpoint (infer), and none is named.', fix)
  }
  for (const { endpoint } of answerServerAsked(topology, env))
    await serverFacts(endpoint, infer === 'endpoint' ? named?.model : vllm.model, new AbortController().signal)
  const { checkMs } = topology.teacher
  for (const { endpoint, model } of embedderAsked(topology, env)) {
    const { warning } = await checkTeacher(endpoint, model, checkMs, embeddingsPath)
    if (warning !== undefined) warn(warning)
  }
}

/** @throws UsageError for options that do not hold */
export const bridgeOptionsOf = (topology: Topology): BridgeOptions =>
  usableOptions(BridgeOptions, topology, 'trainer-bridge', {
    named: 'trainer-bridge',
    fix: 'Correct agents.trainer-bridge.options; docs/evidence.md has those of the embedder.',
  })
