import { type Logger, pino } from 'pino'

export type Log = Logger

type LogOptions = {
  level?: string
  /** File descriptor; standard error when left out. */
  destination?: number
}

/** JSON lines. Prompts and payloads are not logged at info; what looks like a secret is removed. */
export function createLog(bindings: Record<string, string>, { level, destination = 2 }: LogOptions = {}): Log {
  const out = pino.destination({ dest: destination, sync: true })
  // A full disk must not end who logs: what could not be written follows once there is room.
  out.on('error', () => {})
  return pino(
    {
      level: level ?? process.env.SYLLABUS_LOG_LEVEL ?? 'info',
      base: bindings,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: secrets.flatMap((name) => [name, `*.${name}`]), censor: '[removed]' },
    },
    out,
  )
}

const secrets = ['pass', 'password', 'nkeySeed', 'token', 'apiKey', 'contaminationKey', 'credentials']
