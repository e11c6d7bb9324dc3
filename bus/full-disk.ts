import { statfs } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { reasonOf } from './errors.ts'
import type { Logger } from './logger.ts'

/** What the server says of a connection quotes its peer: `[7] date time [ERR] 127.0.0.1:1 - cid:9 - authentication error - User "..."`. */
const quotesPeer = / - [a-z]*id:\d+ - /
const pollMs = 2000
/** Room for the server's own start and some work. */
const roomBytes = 64 * 1024 ** 2

type Watch = {
  log: Logger
  restart: () => void
  /** For whoever watches the run: the log may lie on the same disk. */
  notify?: ((line: string) => void) | undefined
  neededBytes?: number
}

/**
 * Watches the server's error lines for a full disk. After one failed write nats-server 2.15 answers nothing more on that
 * stream, also when there is room again, and loses nothing that it had acknowledged; only a restart fixes it. So once there
 * is room `restart` is called, for the launcher to start the server anew; publishers wait meanwhile.
 */
export function watchForFullDisk(
  storeDir: string,
  { log, restart, notify = () => {}, neededBytes = roomBytes }: Watch,
) {
  let full = false
  return async (line: string): Promise<void> => {
    if (full || !line.includes('no space left on device') || quotesPeer.test(line)) return
    full = true
    notify(`the disk of ${storeDir} is full: nothing is stored until there is room; free some and the run goes on`)
    log.error({ storeDir }, 'the disk is full')
    try {
      while ((await freeBytes(storeDir)) < neededBytes) await sleep(pollMs, undefined, { ref: false })
      notify('there is room again; the run goes on')
      log.warn({ storeDir }, 'there is room again: nats-server is ended, to be started anew')
      restart()
    } catch (error) {
      log.error({ storeDir, reason: reasonOf(error) }, 'the free space cannot be read; restart nats-server by hand')
    }
  }
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}
