import { fileURLToPath } from 'node:url'

/** The task that runs when none is named. */
export const bundledTask = fileURLToPath(new URL('./everyday-numbers', import.meta.url))
