import { checkTeacher } from '../../agents/kit/teacher/check.ts'
import { type Warn, warnOnTerminal } from '../../launcher/console/warn.ts'
import { embedderAsked } from '../../launcher/topology/endpoints.ts'
import { usableOptions } from '../../launcher/topology/usable-options.ts'
import type { Topology } from '../../schemas/topology.ts'
import { embeddingsPath } from '../../trainer-bridge/embedder/endpoint-embedder.ts'
import { BridgeOptions } from '../../trainer-bridge/options.ts'

/**
 * Checks the options of a topology's trainer-bridge, and of an embedder over HTTP its address, key and model; nothing is paid. Errors:
 * UsageError, or TeacherUnusable.
 */
export async function checkBridge(
  topology: Topology,
  env: NodeJS.ProcessEnv = process.env,
  warn: Warn = warnOnTerminal,
): Promise<void> {
  bridgeOptionsOf(topology)
  const { checkMs } = topology.teacher
  for (const { endpoint, model } of embedderAsked(topology, env)) {
    const { warning } = await checkTeacher(endpoint, model, checkMs, embeddingsPath)
    if (warning !== undefined) warn(warning)
  }
}

/** Errors: UsageError for options that do not hold. */
export const bridgeOptionsOf = (topology: Topology): BridgeOptions =>
  usableOptions(BridgeOptions, topology, 'trainer-bridge', {
    named: 'trainer-bridge',
    fix: 'Correct agents.trainer-bridge.options; docs/evidence.md has those of the embedder.',
  })
