import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'
import { generatedFiles } from '../../../schemas/generate.ts'

const root = join(import.meta.dirname, '../../..')
const maxLine = 140
const maxWords = 90

/** Files that a checklist has its reader make, by a part of their names: there are none of them here. */
const examples: Readonly<Record<string, string>> = {
  'add-a-command.md': 'diagnoses',
  'add-a-generator.md': 'easy',
  'add-a-planner.md': 'weakest',
  'add-a-report-section.md': 'pace',
  'add-a-runtime.md': 'other',
  'add-a-scorer.md': 'prefix',
}

type Line = { number: number; text: string; kind: 'prose' | 'heading' | 'table' | 'code' | 'blank' }

/** Lines with what each is. A fence may be indented, as in a list; four blanks after a blank line begin code, too. */
function linesOf(markdown: string): Line[] {
  const lines: Line[] = []
  let inFence = false
  for (const text of markdown.split('\n')) {
    const isFence = /^\s*```/.test(text)
    if (isFence) inFence = !inFence
    const isIndented = /^ {4}\S/.test(text) && ['blank', 'code'].includes(lines.at(-1)?.kind ?? 'blank')
    const kind = isFence || inFence || isIndented ? 'code' : kindOf(text.trimStart())
    lines.push({ number: lines.length + 1, text, kind })
  }
  return lines
}

function kindOf(start: string): Line['kind'] {
  if (start === '') return 'blank'
  if (start.startsWith('|')) return 'table'
  return start.startsWith('#') ? 'heading' : 'prose'
}

const isTooLong = ({ kind, text }: Line): boolean => kind !== 'table' && kind !== 'code' && [...text].length > maxLine

/** Runs of lines of prose; an item of a list is a paragraph of its own. */
function paragraphsOf(markdown: string): { number: number; words: number }[] {
  const paragraphs: { number: number; text: string }[] = []
  let isOpen = false
  for (const { number, text, kind } of linesOf(markdown)) {
    if (kind === 'prose' && isOpen && !/^\s*([-*]|\d+\.) /.test(text)) paragraphs.at(-1)!.text += ` ${text.trim()}`
    else if (kind === 'prose') paragraphs.push({ number, text: text.trim() })
    isOpen = kind === 'prose'
  }
  return paragraphs.map(({ number, text }) => ({
    number,
    words: text.replaceAll(/\]\([^)]*\)/g, ']').split(/\s+/).length,
  }))
}

/** The anchors of a document's headings, as GitHub makes them: a second one of the same name ends in -1. */
function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>()
  for (const { text, kind } of linesOf(markdown)) {
    if (kind !== 'heading') continue
    const anchor = text
      .replace(/^\s*#+\s+/, '')
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
      .trim()
      .replaceAll(' ', '-')
    let unique = anchor
    for (let count = 1; anchors.has(unique); count++) unique = `${anchor}-${count}`
    anchors.add(unique)
  }
  return anchors
}

/** Links to other files and to headings, not to the web; outside code. */
function linksOf(markdown: string): { path: string; anchor: string }[] {
  const prose = linesOf(markdown)
    .filter(({ kind }) => kind !== 'code')
    .map(({ text }) => text.replaceAll(/`[^`]*`/g, ''))
    .join('\n')
  return [...prose.matchAll(/\]\(([^)#\s]*)(?:#([^)\s]*))?\)/g)]
    .map(([, path = '', anchor = '']) => ({ path, anchor }))
    .filter(({ path }) => !/^[a-z]+:/.test(path))
}

function brokenLinks(file: string, markdown: string): string[] {
  return linksOf(markdown).flatMap(({ path, anchor }) => {
    const target = path === '' ? file : normalize(join(dirname(file), path))
    if (target !== file && !existsSync(join(root, target))) return [`${file}: no file ${path}`]
    if (anchor === '' || !target.endsWith('.md')) return []
    const text = target === file ? markdown : readFileSync(join(root, target), 'utf8')
    return anchorsOf(text).has(anchor) ? [] : [`${file}: no heading ${path}#${anchor}`]
  })
}

const folders = new Set(
  readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.'))
    .map(({ name }) => name),
)

/** Paths in backticks that begin with a folder of the repository, also those of a command; `<name>` stands for one of many. */
function pathsOf(markdown: string): string[] {
  const prose = linesOf(markdown)
    .filter(({ kind }) => kind !== 'code')
    .map(({ text }) => text)
    .join('\n')
  return [...prose.matchAll(/`([^`]+)`/g)]
    .flatMap(([, code = '']) => code.split(/\s+/))
    .filter((word) => word.includes('/') && folders.has(word.split('/')[0]!))
}

function missingPaths(file: string, markdown: string): string[] {
  const example = examples[basename(file)]
  return pathsOf(markdown)
    .filter((path) => !(example && path.includes(example)))
    .filter((path) =>
      /[*{<]/.test(path)
        ? globSync(path.replaceAll(/<[^>]*>/g, '*'), { cwd: root }).length === 0
        : !existsSync(join(root, path)),
    )
    .map((path) => `${file}: there is no ${path}`)
}

/** Examples of code, each with the file that it is of: the first one that its step names. */
function examplesOf(markdown: string): { of: string; code: string }[] {
  const found: { of: string; code: string }[] = []
  let of = ''
  let isOpen = false
  for (const { text, kind } of linesOf(markdown)) {
    const isFence = /^\s*```/.test(text)
    if (isFence && !isOpen) found.push({ of, code: '' })
    if (isFence) isOpen = !isOpen
    else if (kind === 'code' && found.length > 0) found.at(-1)!.code += `${text}\n`
    else of = (/^\d+\. /.test(text) ? '' : of) || (pathsOf(text).find((path) => path.endsWith('.ts')) ?? '')
  }
  return found
}

/** Names that examples of code import and that the files there do not export. */
function missingImports(file: string, markdown: string): string[] {
  const example = examples[basename(file)]
  return examplesOf(markdown).flatMap(({ of, code }) =>
    [...code.matchAll(/import (?:type )?\{([^}]*)\} from '(\.[^']*)'/g)].flatMap(([, names = '', from = '']) => {
      const path = normalize(join(dirname(of), from))
      if (example && path.includes(example)) return []
      if (!existsSync(join(root, path))) return [`${file}: there is no ${path}`]
      const text = readFileSync(join(root, path), 'utf8')
      const exported = [...text.matchAll(/^export (?:type )?(?:\{[^}]*\}|.*)/gm)].join('\n')
      return names
        .split(',')
        .map((name) => name.trim().replace('type ', ''))
        .filter((name) => !new RegExp(`\\b${name}\\b`).test(exported))
        .map((name) => `${file}: ${path} exports no ${name}`)
    }),
  )
}

const generated = generatedFiles()
const documents = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/{,decisions/}*.md', { cwd: root }).sort()]
  .filter((file) => !generated.has(file))
  .map((file) => ({ file, markdown: readFileSync(join(root, file), 'utf8') }))

describe('what is looked for is found', () => {
  const words = (count: number) => Array.from({ length: count }, () => 'word').join(' ')

  test('a line that is too long, but in a table or in code', () => {
    const long = 'x'.repeat(maxLine + 1)
    expect(linesOf(`${long}\n| ${long} |\n\n  \`\`\`\n${long}\n  \`\`\`\n- ${long}`).filter(isTooLong)).toMatchObject([
      { number: 1 },
      { number: 7 },
    ])
  })

  test('a paragraph by its lines, an item of a list by itself, a link by its text', () => {
    expect(paragraphsOf(`${words(50)}\n${words(41)}\n\n- ${words(3)}\n- [one](a/b.md)\n  two`)).toEqual([
      { number: 1, words: 91 },
      { number: 4, words: 4 },
      { number: 5, words: 3 },
    ])
  })

  test('links to no file and to no heading', () => {
    const markdown =
      '# A `b`, c\n## A b c\n[1](#a-b-c) [2](#a-b-c-1) [3](#a-b-c-2) [4](no.md) [5](../README.md#no) [6](https://x.y/z) `[7](no.md)`'
    expect(brokenLinks('docs/a.md', markdown)).toEqual([
      'docs/a.md: no heading #a-b-c-2',
      'docs/a.md: no file no.md',
      'docs/a.md: no heading ../README.md#no',
    ])
  })

  test('paths that do not exist', () => {
    const markdown =
      '`cli/main.ts` `npx vitest run test/unit/no.test.ts` `a/b.ts` `bus/` `cli/no/` `tasks/<name>/task.yaml` `tasks/<name>/no.yaml`'
    expect(missingPaths('docs/a.md', markdown)).toEqual([
      'docs/a.md: there is no test/unit/no.test.ts',
      'docs/a.md: there is no cli/no/',
      'docs/a.md: there is no tasks/<name>/no.yaml',
    ])
  })

  test('imports of an example that cannot be had', () => {
    const code = "import { levels } from '../schemas/no.ts'\nimport { roles, type Nobody } from '../schemas/role.ts'"
    expect(missingImports('docs/a.md', `1. \`cli/main.ts\`: write\n\n   \`\`\`ts\n${code}\n   \`\`\``)).toEqual([
      'docs/a.md: there is no schemas/no.ts',
      'docs/a.md: schemas/role.ts exports no Nobody',
    ])
  })
})

describe.each(documents)('$file', ({ file, markdown }) => {
  test(`has no line of more than ${maxLine} characters, but in tables and code`, () => {
    const long = linesOf(markdown).filter(isTooLong)
    expect(long.map(({ number }) => `${file}:${number}`)).toEqual([])
  })

  test(`has no paragraph of more than ${maxWords} words`, () => {
    const long = paragraphsOf(markdown).filter(({ words }) => words > maxWords)
    expect(long.map(({ number, words }) => `${file}:${number}: ${words} words`)).toEqual([])
  })

  test('links to files and headings that exist', () => {
    expect(brokenLinks(file, markdown)).toEqual([])
  })

  test('names files of the repository that exist', () => {
    expect(missingPaths(file, markdown)).toEqual([])
  })

  test('imports in its examples what is there', () => {
    expect(missingImports(file, markdown)).toEqual([])
  })
})

test('CONTRIBUTING links every checklist', () => {
  const linked = linksOf(readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8')).map(({ path }) => path)
  expect(linked).toEqual(expect.arrayContaining(globSync('docs/add-a-*.md', { cwd: root })))
})
