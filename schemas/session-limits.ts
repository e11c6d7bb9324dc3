import { z } from 'zod'
import { bytes, count, ms } from './limit.ts'

/** The live page. */
export const GatewayLimits = z.strictObject({
  host: z.string().default('127.0.0.1').describe('the address that the page is served at'),
  port: z.number().int().min(0).max(65535).default(0).describe('its port; 0: any free one'),
  maxBacklog: count(
    5000,
    'messages that may wait for a slow viewer before it is dropped to a position it can resume from',
  ),
  maxBacklogBytes: bytes(16 * 1024 ** 2, 'bytes that may wait for it before the same happens'),
  heldBytes: bytes(
    64 * 1024 ** 2,
    'messages of one run that are held for all its viewers; one that is behind these reads the log itself',
  ),
  maxViewers: count(64, 'viewers at a time; another is asked to come back when one has left'),
  maxConnections: count(256, 'connections at a time, those of viewers included; another is closed unanswered', 65_535),
  requestMs: ms(10_000, 'how long a peer may take to send a request'),
  stallMs: ms(30_000, 'how long a viewer, or another peer, may take nothing of what it is sent'),
  runsEveryMs: ms(3000, 'how often the list of runs is read while somebody looks'),
  pingEveryMs: ms(
    20_000,
    'how often a viewer is asked whether it is still there; one that did not answer the last time is dropped',
  ),
  tableRows: count(50, 'lines of a page of the tables of rows and answers', 1000),
  tableBytes: bytes(
    64 * 1024 ** 2,
    'memory for the rows of a run while somebody looks at them; of a run with more the first are shown',
  ),
  allowedOrigins: z
    .array(z.url({ protocol: /^https?$/ }))
    .default([])
    .describe("origins beside the page's own that may follow runs, such as a reverse proxy's"),
})
export type GatewayLimits = z.infer<typeof GatewayLimits>

/** Metrics, probes and traces. */
export const TelemetryLimits = z.strictObject({
  host: z.string().default('127.0.0.1').describe('the address at which metrics and probes are served'),
  port: z
    .number()
    .int()
    .min(0)
    .max(65535)
    .nullable()
    .default(null)
    .describe(
      'port of /metrics, /healthz and /readyz of every command that runs agents; 0: any free one; null: none beside that of the live page',
    ),
  open: z
    .boolean()
    .default(false)
    .describe('whether other machines may read /metrics without the token in SYLLABUS_TELEMETRY_TOKEN'),
  scrapeMs: ms(2000, 'how long a scrape may read the log; what is left of it comes with the next one'),
  cacheMs: ms(1000, 'how long what the server was asked for one scrape or probe holds for the next', 0),
  modelNames: count(50, 'models that metrics tell apart; further ones are counted together as "other"'),
  queueNames: count(
    100,
    'queues of which metrics show the backlog one by one, those with most first; further ones are added up as "other"',
  ),
  spansPerRequest: count(512, 'spans that the receiver of traces is sent at a time', 10_000),
  longestPauseMs: ms(
    30_000,
    'longest pause before a receiver that takes no traces is tried again; it doubles from 1 s',
  ),
  leastFlushMs: ms(
    500,
    'how long the end of a command waits for traces that are not exported yet; a hundredth of the time that it took where that is more',
  ),
  flushMs: ms(5000, 'how long it waits for them at most'),
})
export type TelemetryLimits = z.infer<typeof TelemetryLimits>

/** Experiment trackers. */
export const TrackerLimits = z.strictObject({
  records: count(500, 'messages of metrics and parameters that a tracker is sent at a time', 1000),
  requestMs: ms(20_000, 'how long a tracker may take to answer a request'),
  longestPauseMs: ms(30_000, 'longest pause before a tracker that takes nothing is tried again; it doubles from 0.5 s'),
  flushMs: ms(
    10_000,
    'how long the end of a run waits for what a tracker has not taken; `syllabus track` sends the rest',
  ),
  fileBytes: bytes(20 * 1024 ** 2, 'largest file of a run that is sent, such as its report'),
})
export type TrackerLimits = z.infer<typeof TrackerLimits>

/** `syllabus mcp`, which lets an assistant look at runs and ask for some. */
export const McpLimits = z.strictObject({
  confirmMs: ms(600_000, 'how long a plan that was estimated can be started'),
  plans: count(20, 'plans that wait to be started; the oldest is forgotten'),
  rows: count(50, 'rows, runs or lines of one answer at most', 500),
  textChars: count(2000, 'characters of a text from a row, a prompt or a reply; longer ones are cut', 100_000),
  answerChars: count(60_000, 'characters of a whole answer', 1_000_000),
})
export type McpLimits = z.infer<typeof McpLimits>

/** The processes of agents. */
export const SupervisorLimits = z.strictObject({
  minRestartMs: ms(250, 'pause before an agent that died is started again; doubled while it goes on dying'),
  maxRestartMs: ms(10_000, 'longest such pause; an agent that has lived for so long begins with the shortest again'),
  drainMs: ms(15_000, 'how long a draining agent may take to finish what it has in hand'),
  meteredDrainMs: ms(60_000, 'the same of an agent that asks a model: the replies that are under way are paid for'),
  graceMs: ms(2000, 'how long it may take after that to give back what it did not finish; then it is killed'),
})
export type SupervisorLimits = z.infer<typeof SupervisorLimits>

/** What a plug-in may take: a variant whose code a topology names by a path or a package. */
export const PluginLimits = z.strictObject({
  startMs: ms(20_000, 'how long the code of a plug-in may take to load and to open'),
  callMs: ms(
    60_000,
    'how long it may take for one piece of work, calls of a model not counted; then its process is killed',
  ),
  tries: count(3, 'times that a piece of work is tried whose process was killed or died; then it fails', 100),
  replyBytes: bytes(16 * 1024 ** 2, 'longest answer to one piece of work'),
  logBytes: bytes(1024 ** 2, 'what it may write into the log in a minute; the rest is dropped'),
  progressLines: count(60, 'lines of progress that it may show in a minute; further ones are dropped'),
  memoryMb: count(1024, 'megabytes of its heap'),
})
export type PluginLimits = z.infer<typeof PluginLimits>

/** The model that `--teacher local` serves on this machine. */
export const LocalTeacherLimits = z.strictObject({
  batchRows: count(16, 'requests answered as one batch, and sent at the same time by one generator', 256),
  maxNewTokens: count(512, 'longest reply in tokens, whatever is asked for'),
  contextChars: z
    .number()
    .int()
    .min(2000)
    .default(8000)
    .describe('characters of the situation that it is shown as a planner'),
  startMs: ms(180_000, 'time to load the model'),
  silenceMs: ms(60_000, 'a process that says nothing for so long is killed and started again'),
  maxRestartMs: ms(30_000, 'longest pause before it is started again; it doubles from 0.5 s'),
  stopMs: ms(5000, 'how long it may take to end'),
})

/** How many agents `syllabus node start` runs of a role that is given as a range, such as `--generator 1..8`. */
export const ScalingLimits = z.strictObject({
  lookMs: ms(2000, 'how often a node looks at the backlog, and at which runs go on'),
  step: count(4, 'agents of one role that a node starts at a time'),
  quietMs: ms(60_000, 'how long fewer agents must have been enough before a node ends any'),
})
export type ScalingLimits = z.infer<typeof ScalingLimits>

/** `syllabus generate`, which makes rows without training. */
export const GenerateLimits = z.strictObject({
  callsPerProcess: count(
    80,
    'calls under way of each process, where neither --concurrency nor teacher.concurrency says how many',
  ),
  shards: count(160, 'where more shards than this would be wanted, they are larger, so that rounds are few'),
  ackWaitMs: ms(
    10_000,
    'what a crashed agent had in hand goes to another after this, or 30 s where `storage.copies` is above 1, where `delivery` does not say when',
  ),
})

/** What is kept on disk. */
export const StorageLimits = z.strictObject({
  logMaxBytes: bytes(4 * 1024 ** 3, 'size of the log; when it is full runs pause, nothing is dropped'),
  copies: z
    .union([z.literal(1), z.literal(3), z.literal(5)], { error: 'write 1, 3 or 5' })
    .default(1)
    .describe(
      'copies of everything that a cluster of NATS servers keeps, each on another server; a bus that keeps more is not lowered',
    ),
  logMaxAgeDays: z.number().positive().default(90).describe('how long a message is kept'),
  objectsMaxBytes: bytes(20 * 1024 ** 3, 'size of the datasets, adapters and replies of all runs'),
  minFreeBytes: z
    .number()
    .int()
    .nonnegative()
    .default(2 * 1024 ** 3)
    .describe('free disk below which nothing is started'),
})
