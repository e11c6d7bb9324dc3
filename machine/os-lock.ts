import { createRequire } from 'node:module'

/** `free`: locked by us now; `held`: by another; `unknown`: neither this system nor this file system has such locks. */
export type Locking = 'free' | 'held' | 'unknown'

type Extensions = { tryLock(fd: number, options?: { shared?: boolean }): boolean }
let extensions: Extensions | null | undefined

/**
 * Tries to lock an open file, without waiting. The lock belongs to what was opened (an open file description), so whoever inherits the
 * descriptor has it too, and it goes when the last of them ends.
 */
export function tryLock(descriptor: number, options: { shared?: boolean } = {}): Locking {
  extensions ??= load()
  if (!extensions) return 'unknown'
  try {
    return extensions.tryLock(descriptor, options) ? 'free' : 'held'
  } catch (error) {
    // Some systems say so of a lock that another has.
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'held' : 'unknown'
  }
}

/** The package has no types, and no binary for a few systems. */
function load(): Extensions | null {
  try {
    return createRequire(import.meta.url)('fs-native-extensions') as Extensions
  } catch {
    return null
  }
}
