import { type Attributes, SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { type StoredEntry, traceIdOf } from '../../bus/mod.ts'
import { describe } from '../../schemas/describe.ts'
import { spentOn } from '../../schemas/spent.ts'
import { isReadEntry, type ReadEntry, usageOfEntry } from '../usage.ts'
import type { SpanPlace } from './run-index.ts'

/** Characters of one attribute that holds a text of a model. */
const mostContentChars = 65_536

/** A message as a span; `bytes`: about how large it is. */
export type MessageSpan = {
  name: string
  kind: SpanKind
  traceId: string
  place: SpanPlace
  attributes: Attributes
  status: { code: SpanStatusCode; message?: string }
  /** What was asked of each model at each stage, where it was more than one. */
  lines: Attributes[]
}

/**
 * A message as a span of its run's trace: it begins with the message that it follows from, and ends as it was stored itself. Attributes of
 * models have the names of OpenTelemetry's GenAI conventions; the sums of their tokens over a run are what it has spent. Texts of models,
 * and reasons that may quote them, are left out unless `withContent`.
 */
export function spanOf(entry: StoredEntry, place: SpanPlace, withContent: boolean): MessageSpan {
  const { name, runId, from, to } = entry
  const usage = isReadEntry(entry) ? usageOfEntry(entry) : []
  const spent = spentOn(usage)
  const fault = faultOf(entry)
  const main = [...usage].sort((a, b) => b.inputTokens + b.outputTokens - (a.inputTokens + a.outputTokens))[0]
  const described = describe(entry)
  return {
    name,
    kind: main ? SpanKind.CLIENT : SpanKind.INTERNAL,
    traceId: traceIdOf(runId),
    place,
    status: fault
      ? { code: SpanStatusCode.ERROR, message: withContent ? described.text : fault }
      : { code: SpanStatusCode.UNSET },
    attributes: {
      'gen_ai.conversation.id': runId,
      'gen_ai.agent.name': from.role,
      'gen_ai.agent.id': from.instance,
      'syllabus.agent.variant': from.variant,
      'syllabus.message.id': entry.id,
      'syllabus.message.seq': entry.seq,
      'syllabus.message.bytes': entry.bytes,
      ...(to && { 'syllabus.message.to': to.role, 'syllabus.message.queue': to.variant }),
      ...(main && {
        'gen_ai.operation.name': 'chat',
        'gen_ai.request.model': main.model,
        'gen_ai.usage.input_tokens': spent.inputTokens,
        'gen_ai.usage.output_tokens': spent.outputTokens,
        'syllabus.calls': spent.calls,
        ...(main.endpoint && { 'gen_ai.provider.name': main.endpoint, 'server.address': main.endpoint }),
      }),
      ...(isReadEntry(entry) && figuresOf(entry)),
      ...(withContent && { 'syllabus.message.title': described.title, 'syllabus.message.text': described.text }),
      ...(withContent && isReadEntry(entry) && contentOf(entry)),
    },
    lines: usage.length > 1 ? usage.map(({ ...line }): Attributes => prefixed(line)) : [],
  }
}

const prefixed = (line: object): Attributes =>
  Object.fromEntries(Object.entries(line).map(([key, value]) => [`syllabus.usage.${snake(key)}`, value]))

const snake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** What went wrong, in words that quote nothing; null: nothing. */
function faultOf(entry: StoredEntry): string | null {
  if (!isReadEntry(entry)) return 'the message cannot be read'
  if (entry.name === 'fault') return 'a message of the sealed session became a dead letter'
  if (entry.name === 'decision' && entry.payload.error !== undefined) return 'the program failed'
  if (entry.name === 'status-changed' && ['faulted', 'failed'].includes(entry.payload.status))
    return `the run is ${entry.payload.status}`
  return null
}

/** Numbers that a span is looked for by. */
function figuresOf(entry: ReadEntry): Attributes {
  switch (entry.name) {
    case 'shard': {
      const { round, source, count } = entry.payload
      return { ...roundOf(round), 'syllabus.source': source, 'syllabus.candidates.asked': count }
    }
    case 'batch': {
      const { round, source, candidates, failures } = entry.payload
      return {
        ...roundOf(round),
        'syllabus.source': source,
        'syllabus.candidates': candidates.length,
        'syllabus.candidates.failed': failures.length,
      }
    }
    case 'verdict': {
      const yields = Object.values(entry.payload.bySource)
      const sum = (of: 'generated' | 'admitted') => yields.reduce((total, each) => total + each[of], 0)
      return {
        ...roundOf(entry.payload),
        'syllabus.rows.admitted': sum('admitted'),
        'syllabus.rows.refused': sum('generated') - sum('admitted'),
      }
    }
    case 'predictions':
    case 'report': {
      const { studentModel, training, reusedTraining } = entry.payload
      return {
        'syllabus.student_model': studentModel.name,
        ...(training &&
          !reusedTraining && {
            'syllabus.training.rows': training.rows,
            'syllabus.training.tokens': training.tokens,
            'syllabus.training.seconds': training.seconds,
          }),
      }
    }
    case 'status-changed':
      return { 'syllabus.run.status': entry.payload.status }
    default:
      return {}
  }
}

const roundOf = ({ attempt, round }: { attempt: number; round: number }): Attributes => ({
  'syllabus.attempt': attempt,
  'syllabus.round': round,
})

/** What models wrote, as the conventions have it: a message of the assistant for each text. */
function contentOf(entry: ReadEntry): Attributes {
  const texts =
    entry.name === 'batch'
      ? entry.payload.candidates.map(({ instruction, input, output }) => JSON.stringify({ instruction, input, output }))
      : entry.name === 'decision'
        ? [entry.payload.diagnosis, ...(entry.payload.program ? [JSON.stringify(entry.payload.program)] : [])]
        : []
  if (texts.length === 0) return {}
  const messages = texts.map((content) => ({
    role: 'assistant',
    parts: [{ type: 'text', content }],
    finish_reason: 'stop',
  }))
  return { 'gen_ai.output.messages': whole(messages) }
}

/** As many of the messages as there is room for; JSON that is cut off could not be read. */
function whole(messages: readonly object[]): string {
  let chars = 2
  const kept = messages.filter((each) => {
    chars += JSON.stringify(each).length + 1
    return chars <= mostContentChars
  })
  return JSON.stringify(kept)
}
