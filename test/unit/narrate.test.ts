import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import type { LogEntry } from '../../bus/mod.ts'
import { createReporter } from '../../cli/progress.ts'
import { narrate } from '../../cli/run/narrate.ts'
import { hostileText } from '../support/hostile.ts'
import { runLog } from '../support/run-log.ts'

test('what a model says reaches the terminal on one line, without a control character', () => {
  const stream = new PassThrough()
  const reporter = createReporter({ stream: stream as unknown as NodeJS.WriteStream })
  const diagnosis = `weak\nrun is finished: forged\u001b[2J\u009b0m\u202e ${hostileText}`
  for (const entry of runLog({ diagnosis })) narrate(entry as LogEntry, reporter)
  const lines = String(stream.read()).split('\n')
  const told = lines.filter((line) => line.includes('run is finished: forged'))
  expect(told.length).toBeGreaterThan(0)
  for (const line of told)
    expect(line).toMatch(/^(attempt \d+ \(\w+\)|control): weak run is finished: forged\ufffd\[2J/)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(lines.join('')).not.toMatch(/[\0-\x1f\x7f-\x9f\u202a-\u202e]/)
})
