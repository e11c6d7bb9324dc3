import { type Logger, pino } from 'pino'

export type Log = Logger

/** JSON lines on standard error. Prompts and payloads are not logged at info; what looks like a secret is removed. */
export function createLog(bindings: Record<string, string>, level = process.env.SYLLABUS_LOG_LEVEL ?? 'info'): Log {
  return pino(
    {
      level,
      base: bindings,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: ['pass', '*.pass', 'password', '*.password', 'token', '*.token', 'apiKey', '*.apiKey'],
        censor: '[removed]',
      },
    },
    pino.destination({ dest: 2, sync: true }),
  )
}
