import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { oneLine } from '../../../agents/planner/llm/shorten.ts'
import { firstId } from '../../../bus/dead-letters.ts'
import { codeBlock, escapeMarkdown } from '../../../evidence/report/document/markdown.ts'
import { html } from '../../../evidence/report/document/markup.ts'
import { exportRows } from '../../../experiments/export/export-rows.ts'
import { printable, printableJson, withoutControlCharacters } from '../../../schemas/printable.ts'
import { wholeObject } from '../../../tasks/reply/objects.ts'
import { hostileTexts } from '../../support/hostile.ts'
import { importFolder } from '../../support/import-folder.ts'
import { datasetRows, publicTask } from '../../support/run-log-data.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const effects = /[\0-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F\u202A-\u202E\u2066-\u2069]/
const texts = [
  ...Object.values(hostileTexts),
  '\u001b]0;title\u0007',
  '\u001b[2J\u001b[H',
  '\u009b31mred',
  'a\rb',
  'back\b\b\b\b',
  '\u061c\u200f\u200e',
  'gpt\u2066\u202e4-o',
]

describe('a text of an endpoint has no effect where it is shown', () => {
  test.each(texts.map((text) => text.slice(0, 200)))('%j', (text) => {
    for (const shown of [escapeMarkdown(text), codeBlock(text), html`${text}`.markup, withoutControlCharacters(text)])
      expect(shown).not.toMatch(effects)
    expect(printable(text)).not.toMatch(effects)
    expect(printable(text)).not.toMatch(/[\r\u061c\u200e\u200f]/)
    expect(escapeMarkdown(text)).not.toMatch(/[\r\n\u2028\u2029]/)
  })

  test.each(texts)('JSON keeps every character of %j, and shows none that a terminal obeys', (text) => {
    const line = printableJson({ text })
    expect(JSON.parse(line)).toEqual({ text })
    expect(printable(line)).toBe(line)
  })

  test('text in any script, tabs, line ends and emoji stay', () => {
    const text = 'שלום\tعليكم\n漢字 é 👩‍👩‍👧 \u200bx'
    expect([printable(text), withoutControlCharacters(text)]).toEqual([text, text])
    expect(withoutControlCharacters('a\r\nb')).toBe('a\r\nb')
  })

  test('no address becomes a link', () => {
    const shown = escapeMarkdown('https://a.example www.a.example x@a.example <http://b> [c](http://d) ![e](f)')
    expect(shown).not.toMatch(/https?:\/|www\.|[^\\]@|<|[^\\]\[/)
  })
})

test('a teacher whose name is markup does not write the data card', async () => {
  await using folder = await importFolder()
  const model = '\u202e"\n---\nlicense: mit\n# x <img src=x onerror=1> | a | [l](http://e.example)\u001b[31m'
  const teacher = { model, promptHash: 'a'.repeat(64), replyHash: 'b'.repeat(64), checks: [] }
  async function* rows() {
    for (const row of datasetRows(1, 3))
      yield { ...row, skill: `\u202e# ${row.skill}\n`, origin: { generator: 'llm', teacher } }
  }
  const task = { ...publicTask(), title: '12:30 \u202e"\n---\nno', goal: '# a\n---\n\n<b>' }
  const { card } = await exportRows(rows(), 'alpaca', folder.path, { task, facts: { run: model } })
  const text = await readFile(card, 'utf8')
  expect(text).not.toMatch(effects)
  expect(text).not.toMatch(/<img|^license|^# x|(?<!\\)\]\(http|<b>/m)
  const [, frontMatter] = text.split(/^---$/m)
  expect(parse(frontMatter!, { version: '1.1' })).toMatchObject({ pretty_name: '12:30 \ufffd"\n---\nno' })
  expect(frontMatter).toContain('size_categories:\n  - "n<1K"')
})

test('whatever a command prints is plain, a fault of ours with its stack too', () => {
  const code = `
    const { makeConsolePlain } = await import(${JSON.stringify(new URL('../../../launcher/console/terminal.ts', import.meta.url))})
    makeConsolePlain()
    console.log('a\\u001b[31mb', 100, '%s')
    console.error(new Error('c\\u202ed\\u009be'))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' })
  expect(stdout).toBe('a\ufffd[31mb 100 %s\n')
  expect(stderr).toContain('Error: c\ufffdd\ufffde\n    at ')
})

describe('white space and its kin cost what they are long', () => {
  const blanks = ' '.repeat(1_000_000)
  const readers: [string, (text: string) => unknown, string][] = [
    ['a line of the planner', (text) => oneLine(text, 100), `a${blanks}b`],
    ['Markdown', escapeMarkdown, `a${blanks}b`],
    ['a whole object', wholeObject, `\`\`\`\t${'\n'.repeat(1_000_000)}N`],
    ['the id of a message sent again', firstId, `${'.redrive-A-0'.repeat(100_000)}x`],
  ]
  test.each(readers)('%s', (_, read, text) => {
    const before = process.cpuUsage()
    read(text)
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1000).toBeLessThan(1000)
  })

  test('and say the same', () => {
    expect(oneLine(' a \n\t b  c\r\n\nd ', 100)).toBe(' a b  c d ')
    expect(escapeMarkdown('a \r\n b  c')).toBe('a b  c')
    expect(wholeObject('```JSON  \n\n{"a": 1}\n```')).toEqual({ a: 1 })
    expect(wholeObject('```\n{"a": 1}')).toBeUndefined()
    expect(firstId('run.x.redrive-LAB-12.redrive-EXAM-3')).toBe('run.x')
    expect(firstId('run.x.redrive-LAB-12.redrive-EXAM')).toBe('run.x.redrive-LAB-12.redrive-EXAM')
  })
})
