import { Topology } from '../../schemas/topology.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { parseWithFaults } from '../../schemas/validation-errors.ts'

/** A setting by the name that the paper gives it; `path` is where it is in the topology. */
export type PaperSetting = {
  name: string
  path: readonly string[]
  meaning: string
  /** The topology's value for the text of the variable. */
  read: (text: string) => unknown
  /** Where it is left out, the name holds for every topology. */
  holds?: (topology: Topology) => boolean
}

const isOneShot = ({ agents }: Topology) => agents.planner.variant === 'llm-one-shot'
const asNumber = (text: string) => (text.trim() === '' ? Number.NaN : Number(text))

/** The settings of the paper that are read from the environment. An option of the command line comes first, the topology last. */
export const paperNames: readonly PaperSetting[] = [
  { name: 'DATASET_SIZE', path: ['run', 'rows'], meaning: 'rows of every dataset', read: asNumber },
  { name: 'MAX_TIME_HOURS', path: ['run', 'maxHours'], meaning: 'hours of a run', read: asNumber },
  {
    name: 'MAX_ITERATIONS',
    path: ['run', 'attempts'],
    meaning: 'datasets to try, unless the planner is one-shot',
    read: asNumber,
    holds: (topology) => !isOneShot(topology),
  },
  {
    name: 'MAX_GENERATION_ATTEMPTS',
    path: ['run', 'attempts'],
    meaning: 'datasets to try where the planner is one-shot',
    read: asNumber,
    holds: isOneShot,
  },
  {
    name: 'MAX_DEBUG_ATTEMPTS',
    path: ['run', 'maxFixesInARow'],
    meaning: 'Debug and Repair in a row before a new Draft',
    read: asNumber,
  },
  {
    name: 'EXECUTION_TIMEOUT_MIN',
    path: ['run', 'attemptHours'],
    meaning: 'minutes after which an attempt asks for no further round',
    read: (text) => asNumber(text) / 60,
  },
  { name: 'TOTAL_API_LIMIT', path: ['run', 'teacherCalls'], meaning: 'teacher calls of a run', read: asNumber },
  { name: 'SESSION_API_LIMIT', path: ['run', 'attemptCalls'], meaning: 'teacher calls of an attempt', read: asNumber },
  {
    name: 'API_CONCURRENCY',
    path: ['teacher', 'concurrency'],
    meaning: 'teacher calls under way over all generators and critics',
    read: asNumber,
  },
  {
    name: 'LOCAL_MODEL',
    path: ['agents', 'trainer-bridge', 'options', 'student'],
    meaning: 'the student: embedded, a folder with a transformers model, or a hub name',
    read: (text) => text,
  },
]

/** Where metrics and probes are served: a host's own business, which a topology of many hosts cannot say. */
export const hostNames: readonly PaperSetting[] = [
  {
    name: 'SYLLABUS_TELEMETRY_PORT',
    path: ['telemetry', 'port'],
    meaning: 'port of metrics and probes',
    read: asNumber,
  },
  {
    name: 'SYLLABUS_TELEMETRY_HOST',
    path: ['telemetry', 'host'],
    meaning: 'address of metrics and probes',
    read: (text) => text,
  },
]

/** Read by the commands themselves: the same as --model. */
const teacherVariable = 'TEACHER_MODEL'

/** The names that are set; TEACHER_MODEL too. */
export function paperNamesIn(env: Readonly<Record<string, string | undefined>>): { name: string; value: string }[] {
  const names = [...paperNames.map(({ name }) => name), teacherVariable]
  return names.flatMap((name) => (env[name] === undefined ? [] : [{ name, value: env[name] }]))
}

/**
 * The topology with the paper's settings from the environment.
 * @throws UsageError that names the variable
 */
export const withPaperNames = (topology: Topology, env: Readonly<Record<string, string | undefined>>): Topology =>
  withNames(topology, env, paperNames)

/** The same with this host's. @throws UsageError that names the variable */
export const withHostNames = (topology: Topology, env: Readonly<Record<string, string | undefined>>): Topology =>
  withNames(topology, env, hostNames)

function withNames(
  topology: Topology,
  env: Readonly<Record<string, string | undefined>>,
  names: readonly PaperSetting[],
): Topology {
  return names.reduce((changed, { name, path, meaning, read, holds }) => {
    const text = env[name]
    if (text === undefined || holds?.(changed) === false) return changed
    const parsed = parseWithFaults(Topology, put(changed, path, read(text)))
    if ('value' in parsed) return parsed.value
    throw new UsageError(
      `${name}=${text} cannot be used (${meaning}): ${parsed.faults[0]!.words}`,
      `Set ${name} to a value that ${path.join('.')} of a topology may have, or unset it.`,
    )
  }, topology)
}

function put(value: unknown, [key, ...rest]: readonly string[], inner: unknown): unknown {
  if (key === undefined) return inner
  const record = value as Record<string, unknown>
  return { ...record, [key]: put(record[key] ?? {}, rest, inner) }
}
