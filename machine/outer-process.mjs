// Plain JavaScript, so that any Node can read it.
import { readFileSync } from 'node:fs'

const lookMs = 100
/** Of a process that was killed and still gives its memory back, in Linux's flags. */
const isExiting = 4
/** SIGKILL in the mask of signals pending for one that was killed and has not run since; and the mask's place behind the name. */
const isKilled = 1 << 8
const pendingAt = 28
/** A command, its shell, and what started that; a shell that runs one command may become it. */
const mostAncestors = 3
/** The ids of a process's ancestors up to the first that waits for the command, set for the processes of a session. */
const variable = 'SYLLABUS_OUTER'

/** The event of this process that whoever started its command, and waits for it, is gone. */
export const outerGone = 'outer-gone'

/**
 * Calls back once the package manager that started this process is gone. `npx` and `npm run` start a shell that starts the command, and
 * both do nothing but wait for it; a signal to npm ends the shell, or npm alone, and reaches nothing else. So where one of them goes, the
 * command was meant. What this process starts may ask `isOuterGone`.
 */
export function whenNpmIsGone(callback) {
  delete process.env[variable]
  // Without /proc nobody's parent is known.
  if (parentOf(process.pid) === null) return
  const ancestors = process.env.npm_execpath ? ancestorsToNpm() : []
  addSelf(ancestors)
  if (ancestors.length === 0) return
  const timer = setInterval(() => {
    if (areParents(process.ppid, ancestors)) return
    clearInterval(timer)
    callback()
  }, lookMs)
  timer.unref()
}

const outerIds = () => process.env[variable]?.split(',').map(Number) ?? []

/** Adds this process, which an outer one started, to those that what it starts depends on. */
export function addSelf(ancestors = outerIds()) {
  process.env[variable] = [process.pid, ...ancestors].join()
}

let isGone = false

/**
 * Whether the process that started this one is gone, or one that started that, up to the package manager.
 * Asked before each paid call, since a process learns of another's end only some time later. The first time it is so is an event as well.
 */
export function isOuterGone() {
  const ancestors = outerIds()
  if (isGone || ancestors.length === 0 || ancestors[0] === process.pid) return isGone
  isGone = !areParents(process.ppid, ancestors)
  if (isGone) process.emit(outerGone)
  return isGone
}

/** Whether each is still the parent of the one before it. */
const areParents = (pid, ancestors) =>
  ancestors.every((each, at) => (at === 0 ? pid : parentOf(ancestors[at - 1])) === each) &&
  parentOf(ancestors.at(-1)) !== null

function ancestorsToNpm() {
  const ancestors = []
  for (let pid = process.ppid; pid > 1 && ancestors.length < mostAncestors; pid = parentOf(pid)) {
    ancestors.push(pid)
    if (isNpm(pid)) return ancestors
  }
  return []
}

/** The id of a process's parent; null where it is gone or about to be, and where there is no /proc. */
function parentOf(pid) {
  try {
    // The name, in brackets, may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ')
    const [, parent, , , , , flags] = fields
    return Number(flags) & isExiting || Number(fields[pendingAt]) & isKilled ? null : Number(parent)
  } catch {
    return null
  }
}

function isNpm(pid) {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    return /^(p?npm|p?npx|yarn|bunx?)\b|[\\/](p?np[mx]|yarn|bunx?)(-cli)?(\.[cm]?js)?\s/.test(words)
  } catch {
    return false
  }
}

/**
 * The environment for the inner process. Node 24 ends before its first line of code where NODE_USE_ENV_PROXY is set and a proxy has no
 * whole address (`proxy:3128`), and shows that address, with its password. Syllabus reads the same variables itself, and says what is
 * wrong.
 */
export function innerEnvironment(env) {
  const proxies = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY'].map((name) => env[name]).filter(Boolean)
  if (proxies.every((each) => /^https?:\/\//i.test(each) && URL.canParse(each))) return { ...env }
  const { NODE_USE_ENV_PROXY: _, ...others } = env
  return others
}
