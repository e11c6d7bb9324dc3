import { readFileSync } from 'node:fs'
import type { Bus, Logger } from '../bus/mod.ts'
import type { TelemetryLimits } from '../schemas/session-limits.ts'
import type { Topology } from '../schemas/topology.ts'
import { reasonOf, UsageError } from '../schemas/user-error.ts'
import { type AnswerTelemetry, answerTelemetry, serveTelemetry } from '../telemetry/serve.ts'
import { createTelemetry, type Telemetry } from '../telemetry/telemetry.ts'
import { environmentFault, wantsContent, wantsTraces } from '../telemetry/traces/environment.ts'
import type { Traces } from '../telemetry/traces/export-traces.ts'
import type { Receiver } from '../telemetry/traces/receiver.ts'

const version = (): string => JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version

/** What a command shows of itself, and the answers to who asks for it. */
export type OwnTelemetry = Telemetry & AsyncDisposable & { answer: AnswerTelemetry }

/**
 * Opens the metrics and probes of a command that runs agents, and serves them where the topology names a port. Probes are answered from now
 * on; give what there is to be seen to `observe`, and dispose it after what it observes.
 * @throws UsageError where the address cannot be had
 */
export async function openTelemetry(
  { telemetry: limits }: Pick<Topology, 'telemetry'>,
  line: (text: string) => void,
): Promise<OwnTelemetry> {
  const telemetry = createTelemetry(limits, version())
  const answer = answerTelemetry(telemetry, limits)
  const { host, port } = limits
  const served = port === null ? null : await serveTelemetry(answer, { host, port })
  if (served) line(`metrics: ${served.url}`)
  return {
    ...telemetry,
    answer,
    async [Symbol.asyncDispose]() {
      await served?.[Symbol.asyncDispose]()
    },
  }
}

/**
 * The receiver of traces that OpenTelemetry's variables name, for a command that does nothing else.
 * @throws UsageError where they name none
 */
export async function openOwnReceiver(): Promise<{ receiver: Receiver; withContent: boolean }> {
  const fault = environmentFault()
  if (!wantsTraces() || fault !== null)
    throw new UsageError(
      `There is no receiver of traces${wantsTraces() ? `: ${fault}` : ''}.`,
      'Set OTEL_EXPORTER_OTLP_ENDPOINT to its address, such as http://127.0.0.1:4318.',
    )
  const { openReceiver } = await import('../telemetry/traces/receiver.ts')
  return { receiver: openReceiver(version()), withContent: wantsContent() }
}

type ExportOptions = { bus: Bus; home: string; log: Logger; line: (text: string) => void; limits: TelemetryLimits }

/** Exports the traces that OpenTelemetry's variables ask for, until it is disposed; null where they ask for none, or cannot be used. */
export async function exportOwnTraces({ limits, ...options }: ExportOptions): Promise<Traces | null> {
  if (!wantsTraces()) return null
  const fault = environmentFault()
  if (fault !== null) {
    options.line(`traces are not exported: ${fault}.`)
    return null
  }
  // Who wants no traces has no use for the libraries.
  const [{ exportTraces }, { openReceiver }] = await Promise.all([
    import('../telemetry/traces/export-traces.ts'),
    import('../telemetry/traces/receiver.ts'),
  ])
  const asked = { ...options, ...limits, receiver: openReceiver(version()), withContent: wantsContent() }
  return exportTraces(asked).catch((error: unknown) => {
    options.line(`traces are not exported: ${reasonOf(error)}`)
    return null
  })
}
