import { expect, test } from 'vitest'
import { textTable } from '../../../launcher/console/terminal.ts'

test('columns are aligned under their names, what is missing is a dash, and a cell stays in its line', () => {
  const records = [
    { run: 'first', status: 'running', reason: null },
    { run: 'the-second', status: '', reason: 'it said\n\u001b[31mno' },
  ]
  expect(textTable(records).split('\n')).toEqual([
    'run         status   reason',
    'first       running  -',
    expect.stringMatching(/^the-second {2}- {8}it said .*no$/),
  ])
  expect(textTable(records)).not.toContain('\u001b')
})

test('no record is no line but an empty one', () => {
  expect(textTable([])).toBe('')
})
