import type { ChildProcess } from 'node:child_process'
import { writeSync } from 'node:fs'
import type { Readable } from 'node:stream'
import type { FailureReport, Launch } from '../agents/kit/launch.ts'

/*
 * An agent is handed its launch, secrets included, as one line on its standard input. What comes back is one line on a descriptor of its
 * own: why it cannot work. Neither is a channel of Node's own (`ipc`), on which a line of a child that is no JSON ends the parent.
 */

/** The descriptor that an agent reports on, a pipe to its launcher. */
const reportDescriptor = 3
/** What follows an agent's standard descriptors where it is started. */
export const reportPipe = ['pipe'] as const

/** A line that is longer is no report; those that are sent are cut well below. */
const longestReport = 64 * 1024
const longestText = 4096

/** Hands an agent its launch. One that is gone by then is found gone by whoever waits for its end. */
export function sendLaunch(child: ChildProcess, launch: Launch): void {
  child.stdin?.on('error', () => {}).write(`${JSON.stringify(launch)}\n`)
}

/** Sends the launcher why this process cannot work. A launcher that is gone asks no more. */
export function sendReport({ reason, fix }: FailureReport): void {
  const report: FailureReport = { reason: reason.slice(0, longestText), ...(fix && { fix: fix.slice(0, longestText) }) }
  try {
    writeSync(reportDescriptor, `${JSON.stringify(report)}\n`)
  } catch {
    // Its exit code says that it failed, and its log why.
  }
}

/** Reads an agent's report: the first line that it sends; anything but a report is ignored. The function gives what was read until then. */
export function readReport(child: ChildProcess): () => FailureReport | undefined {
  const pipe = child.stdio[reportDescriptor] as Readable | null | undefined
  let text = ''
  // All that is sent is taken, so that nobody waits for room; what follows the line, or is too long for one, is not kept.
  pipe
    ?.on('error', () => {})
    .setEncoding('utf8')
    .on('data', (piece: string) => {
      if (!text.includes('\n') && text.length <= longestReport) text += piece
    })
  return () => {
    const end = text.indexOf('\n')
    return end < 0 || end > longestReport ? undefined : reportIn(text.slice(0, end))
  }
}

function reportIn(line: string): FailureReport | undefined {
  try {
    const { reason, fix } = JSON.parse(line)
    const isReport = typeof reason === 'string' && (fix === undefined || typeof fix === 'string')
    return isReport ? { reason, ...(fix !== undefined && { fix }) } : undefined
  } catch {
    return undefined
  }
}

/** What is handed over, unparsed; rejects when the process is to end before. Disposing closes the channel, so that the process can end. */
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
