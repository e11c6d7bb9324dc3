import { format } from 'node:util'
import { printable } from '../../schemas/printable.ts'

/**
 * From here on whatever this process prints by the console is what a terminal may show, whoever wrote the text and whoever prints it:
 * a command, a fault with its stack, a library's warning.
 */
export function makeConsolePlain(): void {
  for (const name of ['log', 'info', 'warn', 'error'] as const) {
    const print = console[name].bind(console)
    console[name] = (...values: unknown[]) => print(printable(format(...values)))
  }
}
