import { chmodSync, existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { homeFolder } from '../machine/folders.ts'
import { UsageError } from '../schemas/user-error.ts'

/** What is taken from group and others, as a shell's `umask` writes it. */
const variable = 'SYLLABUS_UMASK'
const privately = '077'
const stickyBit = 0o1000

/**
 * From here on whatever this process and its children write (logs, runs, reports, exports, state; nats-server, agents and the runtime among
 * the children) is for this user alone, unless the environment says otherwise. A home that an earlier version left open is closed.
 *
 * @throws UsageError when the variable holds no such mask.
 */
export function keepFilesPrivate(): void {
  const given = process.env[variable] || privately
  if (!/^0{0,2}[0-7]{2}$/.test(given)) {
    throw new UsageError(
      `${variable} is "${given}", which is no mask of rights for group and others.`,
      `Write two octal digits, as 27 for a group that may read, or leave it out: ${privately}, nobody else.`,
    )
  }
  const mask = Number.parseInt(given, 8)
  process.umask(mask)
  close(homeFolder(), mask)
}

/** Closes a home of this user. A folder that holds no secrets of ours is none, whatever the environment calls it. */
function close(home: string, mask: number): void {
  try {
    if (!existsSync(join(home, 'contamination.key'))) return
    const { mode, uid } = statSync(home)
    if ((mode & mask) === 0 || (mode & stickyBit) !== 0 || uid !== process.getuid?.()) return
    chmodSync(home, mode & 0o7777 & ~mask)
  } catch {
    // Who owns it, or what it lies on, decides.
  }
}
