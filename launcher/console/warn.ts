import { printable } from '../../schemas/printable.ts'

/** Takes a line about something that may go wrong later. */
export type Warn = (text: string) => void

/** Beside the output of a command, which may be read by a machine. */
export const warnOnTerminal: Warn = (text) => console.error(printable(`warning: ${text}`))
