import type { ChildProcess } from 'node:child_process'
import type { Launch } from '../../agents/kit/launch.ts'

/*
 * An agent is handed its launch, secrets included, as one line on its standard input. Nothing comes back: on a channel of Node's own (`ipc`) a
 * line of a child that is no JSON ends the parent.
 */

/** Hands an agent its launch. One that is gone by then is found gone by whoever waits for its end. */
export function sendLaunch(child: ChildProcess, launch: Launch): void {
  child.stdin?.on('error', () => {}).write(`${JSON.stringify(launch)}\n`)
}

/** What is handed over, unparsed; rejects when the process is to end before. Disposing closes the channel, which else keeps the process alive. */
export type LaunchChannel = Disposable & { launch: Promise<unknown> }

/** Opens this process's end. `onGone`: the launcher is gone, however that ended. */
export function openLaunchChannel(signal: AbortSignal, onGone: () => void): LaunchChannel {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  promise.catch(() => {})
  signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  let text = ''
  const take = (piece: string) => {
    text += piece
    const end = text.indexOf('\n')
    if (end < 0) return
    resolve(JSON.parse(text.slice(0, end)))
    // What follows is read to its end, by which the launcher is known to be gone.
    process.stdin.off('data', take).resume()
  }
  process.stdin.setEncoding('utf8').on('data', take).on('end', onGone).on('error', onGone)
  return { launch: promise, [Symbol.dispose]: () => void process.stdin.off('end', onGone).destroy() }
}
