import type { CodeFaultKind, FromCode } from '../../agents/sdk/channel.ts'
import { type CodeFile, startCode } from '../../agents/sdk/code-process.ts'
import type { PluginLimits } from '../../schemas/session-limits.ts'
import type { UsageError } from '../../schemas/user-error.ts'
import { type PluginPlace, unusable } from './unusable.ts'

/**
 * Asks the code of a plug-in what it is, in a process of its own that holds nothing. What it says is not checked yet.
 * @throws UsageError for code that does not load, or prints
 */
export async function declarationOf(place: PluginPlace, code: CodeFile, limits: PluginLimits): Promise<unknown> {
  const first = Promise.withResolvers<FromCode | null>()
  let printed = ''
  const process = startCode(code, limits, {
    onMessage: first.resolve,
    onText: (text) => {
      printed = `${printed}${text}`.slice(0, mostShown)
    },
  })
  const slow = setTimeout(
    () => process.kill(`did not load within ${limits.startMs / 1000} s (plugins.startMs)`),
    limits.startMs,
  )
  void process.ended.then(() => first.resolve(null))
  const message = await first.promise
  clearTimeout(slow)
  process.kill('was asked what it is')
  const how = await process.ended
  if (message?.is === 'failed') throw failed(place, code, message)
  if (message?.is !== 'declared')
    throw unusable(
      place,
      `its process ${how}${printed.trim() === '' ? '' : `: ${oneLine(printed)}`}`,
      `Correct ${code.entry}.`,
    )
  if (message.printed !== '')
    throw unusable(
      place,
      `it prints to standard output when it is loaded: "${oneLine(message.printed)}"`,
      'Take the print out, or use the log that open is given.',
    )
  return message.declaration
}

const mostShown = 500
const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ').trim().slice(0, mostShown)

function failed(
  place: PluginPlace,
  { entry }: CodeFile,
  { kind, reason }: { kind: CodeFaultKind; reason: string },
): UsageError {
  const { role } = place
  const why = oneLine(reason)
  switch (kind) {
    case 'parse':
      return unusable(
        place,
        `it does not parse: ${why}`,
        'Correct that line. Types alone are stripped: enums and decorators are not.',
      )
    case 'missing-package':
      return unusable(
        place,
        `it needs the package "${why}", which is not installed`,
        `Install it beside the file: npm install ${why}.`,
      )
    case 'missing-file':
      return unusable(
        place,
        `a file that it imports is missing: ${why}`,
        'Correct the import; a relative one ends in .ts or .js.',
      )
    case 'denied':
      return unusable(
        place,
        `it was refused ${why}: a plug-in may read its own code alone`,
        `Name what it reads under agents.${role}.reads, or write agents.${role}.trusted: true if you trust it.`,
      )
    case 'exports':
      return unusable(place, why, `Export what ${defining[role] ?? 'the SDK'} gives from ${entry}, once.`)
    case 'throws':
    case 'open':
      return unusable(place, `it throws when it is loaded: ${why}`, `Correct ${entry}.`)
    default:
      return kind satisfies never
  }
}

const defining: Readonly<Record<string, string>> = {
  planner: 'definePlanner',
  generator: 'defineGenerator',
  critic: 'defineCritic',
}
