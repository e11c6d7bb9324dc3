import { fileURLToPath } from 'node:url'

export const bundledTask = fileURLToPath(new URL('./everyday-numbers', import.meta.url))
