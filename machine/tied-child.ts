import { type ChildProcess, type ChildProcessByStdio, type SpawnOptions, spawn } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import type { Socket } from 'node:net'
import { delimiter, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

/**
 * Children that end with this process, however this process ends.
 *
 * T1  One small process of this one's own, the reaper, is notified of each child. When its pipe from here closes it ends those that are
 *     left: SIGTERM, and SIGKILL to what is still there after 2 s.
 * T2  A child that would outlive a parent that dies right after starting it begins only once the reaper knows of it.
 * T3  A reaper that was killed is started again, and notified of all children.
 * T4  What a child with a group of its own has started ends with it.
 */

type End = 'ignore' | 'pipe'
type Stream<E extends End, S> = E extends 'pipe' ? S : null

/** How a child is started: its standard input, output and errors. `inherit`: descriptors that it gets as well, from 4 on. */
export type TiedOptions<I extends End, O extends End, E extends End> = Omit<SpawnOptions, 'stdio' | 'shell'> & {
  stdio: readonly [I, O, E]
  inherit?: readonly number[]
}
type Tied<I extends End, O extends End, E extends End> = ChildProcessByStdio<
  Stream<I, Writable>,
  Stream<O, Readable>,
  Stream<E, Readable>
>

/** Waits for the word to begin, then becomes the command. Without the word its parent is gone. */
const gate = 'read -r word <&3 && exec "$@" 3<&-'

/** Starts a command that is tied to this process. With `detached`, what the command starts in turn is ended with it. */
export function spawnTied<I extends End, O extends End, E extends End>(
  command: string,
  args: readonly string[],
  { stdio, inherit = [], ...options }: TiedOptions<I, O, E>,
): Tied<I, O, E> {
  // Node says best why a command cannot be started.
  if (!canRun(command, options.env ?? process.env))
    return spawn(command, args, { ...options, stdio: [...stdio] }) as Tied<I, O, E>
  const child = spawn('/bin/sh', ['-c', gate, 'sh', command, ...args], {
    ...options,
    stdio: [...stdio, 'pipe', ...inherit],
  })
  // Without room for a process or a file more there are none.
  const word = child.stdio?.[3] as Writable | undefined
  word?.on('error', () => {})
  tie(child, { group: options.detached === true, onTied: () => word?.end('begin\n') })
  return child as Tied<I, O, E>
}

const tied = new Map<ChildProcess, string>()
let reaper: ChildProcess | undefined

/** Ties a child that ends by itself when its channel to here closes, for the case that it hangs. `group`: with all of its group. */
export function tie(child: ChildProcess, { group, onTied = () => {} }: { group: boolean; onTied?: () => void }): void {
  if (child.pid === undefined) return
  const target = `${group ? '-' : ''}${child.pid}`
  tied.set(child, target)
  child.once('exit', () => {
    tied.delete(child)
    if (group) endGroup(child.pid!)
    if (reaper) send(`-${target}`)
  })
  send(`+${target}`, onTied)
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nobody is left in it.
  }
}

function send(line: string, onSent: () => void = () => {}): void {
  reaper ??= startReaper()
  if (reaper.stdin) reaper.stdin.write(`${line}\n`, () => onSent())
  else onSent()
}

function startReaper(): ChildProcess {
  const started = spawn('/bin/sh', [fileURLToPath(new URL('reaper.sh', import.meta.url))], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // What ends the command from its terminal must not end what clears up after it.
    detached: true,
  })
  started.once('exit', (_, signal) => {
    reaper = undefined
    // One that cannot run at all is not tried for ever.
    if (signal) for (const target of tied.values()) send(`+${target}`)
  })
  // A machine without room for a process more: children are not tied then, and work.
  started.on('error', () => {})
  started.stdin?.on('error', () => {})
  // It keeps nobody from ending.
  started.unref()
  const pipe = started.stdin as Socket | null
  pipe?.unref()
  return started
}

function canRun(command: string, env: NodeJS.ProcessEnv): boolean {
  const places = command.includes('/')
    ? [command]
    : (env.PATH ?? '').split(delimiter).map((each) => join(each, command))
  return places.some((place) => {
    try {
      accessSync(place, constants.X_OK)
      return statSync(place).isFile()
    } catch {
      return false
    }
  })
}
