import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

let known: string | undefined

/**
 * What tells one start of this machine's kernel from every other: containers of one kernel share it, another machine and the same one
 * started again have another. Empty where the system does not say it.
 */
export function bootId(): string {
  known ??= readBootId()
  return known
}

function readBootId(): string {
  try {
    if (process.platform === 'linux') return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    if (process.platform === 'darwin')
      return execFileSync('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'utf8' }).trim()
  } catch {
    // A sandbox may hide it: then nothing is concluded from it.
  }
  return ''
}
