import type { Reporter } from '../../launcher/console/reporter.ts'
import { describe } from '../../schemas/describe.ts'
import type { LogEntry } from '../../schemas/log-entry.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import type { MessageName, Registry } from '../../schemas/registry.ts'

/** How deep the messages that a terminal shows stand; the others go without saying. */
const indents: Partial<Record<MessageName, string>> = {
  'run-started': '',
  decision: '',
  verdict: '  ',
  job: '  ',
  progress: '  ',
  predictions: '  ',
  report: '  ',
  'final-eval-request': '',
  'final-eval-results': '',
  'status-changed': '',
}

/** Prints one message of the log, as a person who follows a run reads it, and all of it where a machine does. */
export function progressLine(entry: LogEntry, reporter: Reporter): void {
  const { seq, at, name, from, id, payload, parseError } = entry
  const description = describe(entry)
  reporter.json({ type: 'message', seq, at, name, from, id, description, payload })
  const indent = indents[name as MessageName]
  if (indent === undefined || parseError !== undefined) return
  const { title, text } = description
  const [first = '', ...more] = text.split('\n')
  if (name === 'progress') {
    const { phase, studentModel = '', done, total, detail } = payload as PayloadOf<Registry['progress']>
    if (detail === undefined) {
      reporter.progress(`${phase} ${studentModel}`, done, total, first)
      return
    }
  }
  // That a model has answered is seen from its score; only what is left out of it is a line.
  if (name !== 'predictions') reporter.line(`${indent}${title}${first && `: ${first}`}`)
  for (const line of more) reporter.line(`${indent}  ${line}`)
}
