import { setFlagsFromString } from 'node:v8'

/**
 * For a command that streams: V8 then collects garbage before it takes more memory, where it would otherwise let its heap grow with the
 * length of the source.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--optimize-for-size')
}
