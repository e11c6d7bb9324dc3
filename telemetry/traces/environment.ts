/** OpenTelemetry's variables (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/): whether. */
type Env = Readonly<Record<string, string | undefined>>

const endpointOf = (env: Env) => env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT || ''
const isTrue = (text = '') => text.trim().toLowerCase() === 'true'

/** Whether the environment asks for traces. */
export const wantsTraces = (env: Env = process.env): boolean =>
  endpointOf(env) !== '' && !isTrue(env.OTEL_SDK_DISABLED) && env.OTEL_TRACES_EXPORTER?.trim() !== 'none'

/** Whether it asks for texts of models, too. */
export const wantsContent = (
  { OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: asked = '' }: Env = process.env,
): boolean => ['true', 'span_only', 'span_and_event'].includes(asked.trim().toLowerCase())

/** What cannot be used of the environment; null: all of it can. */
export function environmentFault(env: Env = process.env): string | null {
  const protocol = protocolOf(env)
  const endpoint = endpointOf(env)
  if (!['http/protobuf', 'http/json'].includes(protocol))
    return `OTEL_EXPORTER_OTLP_PROTOCOL=${protocol} is not supported. Set http/protobuf or http/json, with the receiver's port for HTTP (4318 as a rule)`
  if (!/^https?:$/.test(URL.parse(endpoint)?.protocol ?? ''))
    return 'OTEL_EXPORTER_OTLP_ENDPOINT is no address. Set one that begins with http:// or https://, such as http://127.0.0.1:4318'
  return null
}

export const protocolOf = (env: Env) =>
  (env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL || env.OTEL_EXPORTER_OTLP_PROTOCOL || 'http/protobuf').trim().toLowerCase()
