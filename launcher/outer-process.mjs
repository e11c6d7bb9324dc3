// Plain JavaScript, so that any Node can read it.
import { readFileSync } from 'node:fs'

const lookMs = 500

/** The event of this process that whoever started it, and waits for it, is gone. */
export const outerGone = 'outer-gone'

/**
 * Calls back once the npm that started this process is gone. `npx` and `npm run` start a shell that starts the command, and both do nothing
 * but wait for it; a signal to npm ends the shell, or npm alone, and reaches nothing else. So where one of them goes, the command was meant.
 */
export function whenNpmIsGone(callback) {
  const shell = process.ppid
  const npm = parentOf(shell)
  if (!process.env.npm_execpath || !isNpm(npm)) return
  const timer = setInterval(() => {
    if (process.ppid === shell && parentOf(shell) === npm) return
    clearInterval(timer)
    callback()
  }, lookMs)
  timer.unref()
}

/** The id of a process's parent; null where it is gone, and where there is no /proc. */
function parentOf(pid) {
  try {
    // The name, in brackets, may hold anything.
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1])
  } catch {
    return null
  }
}

function isNpm(pid) {
  try {
    return /^(npm|npx)\b|\bnp[mx](-cli)?\b/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '))
  } catch {
    return false
  }
}
