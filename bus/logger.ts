type Write = (fields: object, message: string) => void

/** The part of pino's logger that the bus uses. */
export type Logger = { debug: Write; info: Write; warn: Write; error: Write }
