import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { pythonCommandOf } from '../../agents/sdk/python-command.ts'
import { tie } from '../../machine/tied-child.ts'
import type { LocalPlugin } from '../../schemas/plugin.ts'
import type { PluginLimits } from '../../schemas/session-limits.ts'
import type { AgentCommand } from '../agent-child.ts'
import { type PluginPlace, unusable } from './unusable.ts'

type PythonFile = Pick<LocalPlugin, 'entry'>

/** The command that runs a Python plug-in, as docs/agent-protocol.md describes it. */
export function pythonCommand(
  how: 'describe' | 'work',
  { entry }: PythonFile,
  { logBytes }: Pick<PluginLimits, 'logBytes'>,
): AgentCommand {
  return { ...pythonCommandOf(how, entry), logBytes }
}

const handed = /^(PATH|HOME|LANG|TZ|TMPDIR|LC_.*|LD_.*|SSL_.*|VIRTUAL_ENV)$/
const mostShown = 500
const longestAnswer = 64 * 1024

/**
 * Asks a Python plug-in what it is. What it says is not checked yet.
 * @throws UsageError
 */
export async function pythonDeclarationOf(
  place: PluginPlace,
  code: PythonFile,
  limits: PluginLimits,
): Promise<unknown> {
  const { command, args, env } = pythonCommand('describe', code, limits)
  const inherited = Object.entries(process.env).filter(([name]) => handed.test(name))
  const child = spawn(command, args, {
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  tie(child, { group: false })
  const [answer, printed, errors] = [child.stdio[3], child.stdout, child.stderr].map((stream) =>
    beginningOf(stream as Readable, longestAnswer),
  ) as [Beginning, Beginning, Beginning]
  const ended = Promise.withResolvers<string>()
  child.once('error', (error) => ended.resolve(`cannot be started: ${error.message}`))
  child.once('close', (exit, signal) => ended.resolve(`ended with ${signal ?? `exit code ${exit}`}`))
  const slow = setTimeout(() => child.kill('SIGKILL'), limits.startMs)
  const how = await ended.promise
  clearTimeout(slow)
  const answered = answerIn(answer())
  if (answered && 'reason' in answered)
    throw unusable(place, String(answered.reason).replace(/\.$/, ''), String(answered.fix ?? `Correct ${code.entry}.`))
  if (printed().trim() !== '')
    throw unusable(
      place,
      `it prints to standard output when it is loaded: "${oneLine(printed())}"`,
      'Take the print out, or put it behind if __name__ == "__main__".',
    )
  if (answered) return answered
  const why = oneLine(errors().trim().split('\n').at(-1) ?? '')
  throw unusable(
    place,
    `${command} ${how}${why === '' ? '' : `: ${why}`}`,
    `Python 3.10 or newer with nats-py and pydantic is needed: make an environment beside the file (.venv), or correct ${code.entry}.`,
  )
}

type Beginning = () => string

function beginningOf(stream: Readable, most: number): Beginning {
  let text = ''
  stream
    .on('error', () => {})
    .setEncoding('utf8')
    .on('data', (piece: string) => {
      if (text.length < most) text += piece
    })
  return () => text
}

function answerIn(text: string): Record<string, unknown> | null {
  try {
    const value = JSON.parse(text.split('\n')[0] ?? '')
    return typeof value === 'object' && value !== null ? value : null
  } catch {
    return null
  }
}

const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ').trim().slice(0, mostShown)
