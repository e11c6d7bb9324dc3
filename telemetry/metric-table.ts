/**
 * Every metric there is. Names and units are Prometheus': `_total` counts, `_seconds`, `_bytes`, `_dollars`. Labels hold names of roles,
 * messages, agents, queues and models, never a text that a model wrote.
 *
 * `of`: `process` figures are those of the process that is asked, and of the agents that it started: add them over all processes. `bus`
 * figures are the same whichever session is asked: take the largest, never a sum.
 */
type Metric = {
  type: 'counter' | 'gauge'
  of: 'process' | 'bus'
  labels: readonly string[]
  help: string
}

const counter = (of: Metric['of'], labels: readonly string[], help: string): Metric => ({
  type: 'counter',
  of,
  labels,
  help,
})
const gauge = (of: Metric['of'], labels: readonly string[], help: string): Metric => ({
  type: 'gauge',
  of,
  labels,
  help,
})

const agent = ['role', 'agent'] as const
const model = ['role', 'model'] as const

export const metrics = {
  syllabus_build_info: gauge('process', ['version', 'node'], 'Always 1; the labels say what runs.'),
  syllabus_ready: gauge(
    'process',
    [],
    'Whether /readyz answers 200: the bus answers, and each role that runs here has an agent.',
  ),
  syllabus_bus_connected: gauge('process', [], 'Whether the NATS server answers this process.'),
  syllabus_bus_reconnects_total: counter(
    'process',
    [],
    'Connections of this process to the NATS server that were lost and made again.',
  ),

  syllabus_agent_handled_messages_total: counter(
    'process',
    [...agent, 'message', 'outcome'],
    'Messages handled; done: acknowledged, again: failed and to come again, back: given back at a stop, dead: dead letters.',
  ),
  syllabus_agent_handling_seconds_total: counter(
    'process',
    [...agent, 'message'],
    'Time that messages were handled for.',
  ),
  syllabus_agent_in_flight_messages: gauge('process', agent, 'Messages being handled.'),
  syllabus_agent_slots: gauge('process', agent, 'Messages that the agent handles at the same time at most.'),
  syllabus_agent_reconnects_total: counter(
    'process',
    agent,
    'Connections of the agent to the NATS server that were lost and made again.',
  ),
  syllabus_agent_restarts_total: counter(
    'process',
    agent,
    'Times that the agent ended without being asked to, and was started again.',
  ),
  syllabus_agent_troubles: gauge('process', [...agent, 'code'], 'What keeps the agent from its work now, by its kind.'),
  syllabus_agent_breaker_open: gauge(
    'process',
    agent,
    "Whether the agent waits for its model's endpoint: the circuit breaker is open or half-open.",
  ),

  syllabus_agents: gauge('bus', ['role', 'variant'], 'Agents that are there, on all machines.'),
  syllabus_backlog_messages: gauge(
    'bus',
    ['role', 'queue', 'message', 'state'],
    'Messages that wait to be handled (pending), or are in hand or to come again (unacknowledged).',
  ),
  syllabus_dead_letters: gauge(
    'bus',
    ['account'],
    'Messages that are not delivered any more, until they are redriven.',
  ),
  syllabus_log_bytes: gauge('bus', ['account'], 'Size of the log of messages.'),
  syllabus_log_max_bytes: gauge('bus', ['account'], 'Size of the log at which runs pause.'),
  syllabus_log_unread_messages: gauge('bus', [], 'Messages of the log that the figures below do not count yet.'),

  syllabus_messages_total: counter('bus', ['message'], 'Messages stored in the log since this process started.'),
  syllabus_unreadable_messages_total: counter('bus', [], 'Messages among them that could not be read.'),
  syllabus_candidates_total: counter('bus', [], 'Rows that generators made.'),
  syllabus_candidates_failed_total: counter(
    'bus',
    ['kind'],
    'Indexes of shards that gave no row, by what was to blame.',
  ),
  syllabus_rows_admitted_total: counter('bus', [], 'Rows that passed every check, by verdicts of closed rounds.'),
  syllabus_rows_refused_total: counter('bus', ['reason'], 'Rows that were not admitted, by reason.'),
  syllabus_model_calls_total: counter(
    'bus',
    [...model, 'stage'],
    'HTTP requests to models, failed ones too, once their work is stored.',
  ),
  syllabus_model_tokens_total: counter(
    'bus',
    [...model, 'type'],
    'Tokens of the requests (input) and of the replies (output).',
  ),
  syllabus_model_cost_dollars_total: counter(
    'bus',
    model,
    'What those tokens cost, of models whose price the topology names.',
  ),
  syllabus_trainings_total: counter('bus', [], 'Trainings that ended, without those that were done before.'),
  syllabus_training_tokens_total: counter('bus', [], 'Tokens that they trained on.'),
  syllabus_training_seconds_total: counter('bus', [], 'Time that they took.'),
  syllabus_training_tokens_per_second: gauge('bus', ['agent'], 'Speed of the trainings under way.'),
  syllabus_run_statuses_total: counter('bus', ['status'], 'Changes of the status of runs.'),

  syllabus_traces_exported_spans_total: counter('process', [], 'Spans that the receiver of traces has taken.'),
  syllabus_traces_refused_spans_total: counter(
    'process',
    [],
    'Spans that it refused for what they hold; they are not sent again.',
  ),
  syllabus_traces_failed_requests_total: counter('process', [], 'Requests to it that failed and are repeated.'),
} as const satisfies Record<string, Metric>

export type MetricName = keyof typeof metrics

/** One value of a metric. Its labels are those of the table. */
export type MetricSample = { name: MetricName; labels?: Readonly<Record<string, string>>; value: number }
