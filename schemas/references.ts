import { z } from 'zod'
import type { Message, WorkMessage } from './message.ts'
import { Program } from './program.ts'
import { registry } from './registry.ts'
import { Topology } from './topology.ts'

/** `docs/messages.md`: every message, who sends it, who works on it, on which subject, how it is delivered. */
export function messageCatalogue(): string {
  const messages: readonly Message[] = Object.values(registry)
  const work = messages.filter((message) => message.kind === 'work')
  const events = messages.filter((message) => message.kind === 'event')
  return `# Messages

Generated from \`schemas/registry.ts\` by \`npm run schemas\`; do not edit. JSON Schema of each payload: \`schemas/generated/\`.

Headers of every message: \`Nats-Msg-Id\` (the run's id, a dot, and an id that the sender derives from what it does; the same id is
stored once), \`traceparent\` (W3C trace context), \`Syllabus-Cause\` (id of the message it follows from), \`Syllabus-From\`
(role/variant/instance), \`Syllabus-Message\` (name@version). A message sent again from the dead letters carries \`Syllabus-Redrive\`.

## Work messages

One role sends, one role works. Each queue of a role has a subject token and a durable consumer of its own,
\`{role}-{queue}-{name}\`, shared by all who work on it. A queue is named by the variant; where that asks a model, by the variant and
a key of the model, its address and, where the run's command started the agents, the run
([decision 010](decisions/010-a-queue-for-each-model.md)).

| message | from | to | subject | ack wait | deliveries | backoff |
| --- | --- | --- | --- | --- | --- | --- |
${work.map(workRow).join('\n')}

## Events

Nobody works on them; they tell the readers of the log.

| message | from | subject |
| --- | --- | --- |
${events.map((message) => `| \`${tag(message)}\` | ${message.from.join(', ')} | \`run.{runId}.event.${message.name}\` |`).join('\n')}
`
}

const tag = (message: Message) => `${message.name}@${message.version}`
const seconds = (ms: number) => `${ms / 1000} s`

function workRow(message: WorkMessage): string {
  const { ackWaitMs, maxDeliver, backoffMs } = message.delivery
  const prefix = message.account === 'EXAM' ? 'exam' : 'run'
  const subject = `${prefix}.{runId}.${message.to}.{queue}.${message.name}`
  const cells = [
    `\`${tag(message)}\``,
    message.from,
    message.to,
    `\`${subject}\``,
    seconds(ackWaitMs),
    maxDeliver,
    backoffMs.map(seconds).join(', '),
  ]
  return `| ${cells.join(' | ')} |`
}

/** `docs/topology-fields.md`: every field of a topology file with its type, its default and its meaning. */
export const topologyReference = (): string => `# Fields of a topology

Generated from \`schemas/topology.ts\` by \`npm run schemas\`; do not edit. A topology is a YAML file: copy one of \`deploy/topologies\`, change
what you need, and pass it with \`--topology\`. \`syllabus doctor --topology <file>\` shows every value in force, the options of its agents and
the messages' delivery policies among them. An unknown field is a fault.

| field | type | default | meaning |
| --- | --- | --- | --- |
${fieldRows(Topology)}
`

/** `docs/program-fields.md`: every field of a curation program with its type, its default and its meaning. */
export const programReference = (): string => `# Fields of a curation program

Generated from \`schemas/program.ts\` by \`npm run schemas\`; do not edit. What they are for, with examples: [program.md](program.md).
A field without a default must be written. An unknown field is a fault.

| field | type | default | meaning |
| --- | --- | --- | --- |
${fieldRows(Program)}
`

/** The parts of a JSON Schema that a reader sees. */
type Schema = {
  type?: string | string[]
  /** Nobody writes it. */
  readOnly?: boolean
  const?: unknown
  enum?: unknown[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  prefixItems?: Schema[]
  additionalProperties?: Schema | boolean
  default?: unknown
  description?: string
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
}

/** Every field of a document as rows of a table: its path, type, default and meaning. */
const fieldRows = (document: z.ZodType): string =>
  rowsOf(z.toJSONSchema(document, { io: 'input' }) as Schema, '').join('\n')

const alternatives = ({ anyOf, oneOf }: Schema): Schema[] => anyOf ?? oneOf ?? []

/** `kind`: of the alternative that the fields belong to. */
function rowsOf(schema: Schema, path: string, kind?: string): string[] {
  const { properties = {}, required = [], items } = schema
  const written = Object.entries(properties).filter(([, field]) => !field.readOnly)
  const fields = written.flatMap(([name, field]) => {
    const at = path ? `${path}.${name}` : name
    const given = required.includes(name) ? 'must be written' : defaultOf(field)
    return [row(at, field, given, kind), ...rowsOf(field, at, kind)]
  })
  const each = items ? rowsOf(items, `${path}[]`, kind) : []
  const kinds = alternatives(schema).flatMap((one) => rowsOf(one, path, kindOf(one) ?? kind))
  return [...fields, ...each, ...kinds]
}

/** What distinguishes an alternative from the others, where it says so. */
function kindOf({ properties }: Schema): string | undefined {
  const kind = properties?.kind?.const
  return typeof kind === 'string' ? kind : undefined
}

const defaultOf = (field: Schema): string =>
  field.default === undefined ? 'left out' : code(JSON.stringify(field.default))

const row = (path: string, field: Schema, given: string, kind: string | undefined): string =>
  `| ${[`${code(path)}${kind ? ` (${kind})` : ''}`, cell(typeOf(field)), cell(given), cell(field.description ?? '')].join(' | ')} |`

const code = (text: string) => `\`${text}\``
const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

function typeOf(field: Schema): string {
  const ways = alternatives(field)
  if (ways.length > 0) return [...new Set(ways.map(typeOf))].join(' or ')
  if (field.const !== undefined) return code(JSON.stringify(field.const))
  if (field.enum) return field.enum.map((value) => code(JSON.stringify(value))).join(' or ')
  switch (field.type) {
    case 'array':
      return field.prefixItems
        ? `list of ${field.prefixItems.length} ${typeOf(field.prefixItems[0]!)}`
        : `list${span(field.minItems, field.maxItems)} of ${typeOf(field.items ?? {})}`
    case 'object':
      return typeof field.additionalProperties === 'object'
        ? `object of ${typeOf(field.additionalProperties)}`
        : 'object'
    case 'string':
      return `text${span(field.minLength && field.minLength > 1 ? field.minLength : undefined, field.maxLength)}`
    case 'integer':
    case 'number': {
      const least =
        field.minimum ?? (field.exclusiveMinimum === undefined ? undefined : `above ${field.exclusiveMinimum}`)
      const most = field.maximum === Number.MAX_SAFE_INTEGER ? undefined : field.maximum
      return `${field.type}${span(least, most)}`
    }
    default:
      return [field.type ?? 'any'].flat().join(' or ')
  }
}

function span(least: number | string | undefined, most: number | undefined): string {
  if (least === undefined && most === undefined) return ''
  if (most === undefined) return typeof least === 'string' ? ` (${least})` : ` (at least ${least})`
  return least === undefined ? ` (at most ${most})` : ` (${least} to ${most})`
}
