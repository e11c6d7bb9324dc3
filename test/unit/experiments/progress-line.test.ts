import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { progressLine } from '../../../experiments/run/progress-line.ts'
import { createReporter } from '../../../launcher/console/reporter.ts'
import type { LogEntry } from '../../../schemas/log-entry.ts'
import { hostileText } from '../../support/hostile.ts'
import { runLog } from '../../support/run-log.ts'

test('what a model says reaches the terminal on one line, without a control character', () => {
  const stream = new PassThrough()
  const reporter = createReporter({ stream: stream as unknown as NodeJS.WriteStream })
  const diagnosis = `weak\nrun is finished: forged\u001b[2J\u009b0m\u202e ${hostileText}`
  for (const entry of runLog({ diagnosis })) progressLine(entry as LogEntry, reporter)
  const lines = String(stream.read()).split('\n')
  const reported = lines.filter((line) => line.includes('run is finished: forged'))
  expect(reported.length).toBeGreaterThan(0)
  for (const line of reported)
    expect(line).toMatch(/^(attempt \d+ \(\w+\)|control): weak run is finished: forged\ufffd\[2J/)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(lines.join('')).not.toMatch(/[\0-\x1f\x7f-\x9f\u202a-\u202e]/)
})

test('a score that the guard kept back is not told as its candidate’s own', () => {
  const lines: string[] = []
  const reporter = { ...createReporter(), line: (text: string) => void lines.push(text), json: () => {} }
  const report = runLog().find(
    ({ name, payload }) => name === 'report' && JSON.stringify(payload).includes('"name":"attempt-2"'),
  )!
  progressLine({ ...report, payload: { ...(report.payload as object), shownAs: 'attempt-1' } } as LogEntry, reporter)
  progressLine(report as LogEntry, reporter)
  expect(lines[0]).toMatch(/^ {2}attempt-2: not above attempt-1 by more than chance/)
  expect(lines[0]).not.toContain('strict')
  expect(lines[1]).toMatch(/^ {2}attempt-2: \d+ % strict/)
})
