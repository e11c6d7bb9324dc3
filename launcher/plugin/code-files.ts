import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { isFile } from './reference.ts'

/** What a file of code names by a relative path: other code, and files that it reads with `new URL(…, import.meta.url)`. */
const named = {
  typescript: [
    /\b(?:from|import|require)\s*\(?\s*(['"])(\.{1,2}\/[^'"]+)\1/g,
    /\bnew\s+URL\s*\(\s*(['"])([^'"]+)\1\s*,\s*import\.meta\.url\s*\)/g,
  ],
  python: [/^[ \t]*(?:from|import)[ \t]+()(\.*[\w.]*)/gm],
} as const

export type Language = keyof typeof named

/** The files that an entry consists of: itself, and what it names by relative paths, and so on. Sorted. */
export function codeFiles(entry: string, language: Language): string[] {
  const found = new Set<string>()
  const visit = (file: string): void => {
    if (found.has(file) || !isFile(file)) return
    found.add(file)
    const text = readFileSync(file, 'utf8')
    for (const pattern of named[language])
      for (const [, , name] of text.matchAll(pattern)) for (const next of filesOf(name!, file, language)) visit(next)
  }
  visit(entry)
  return [...found].sort()
}

function filesOf(name: string, from: string, language: Language): string[] {
  const folder = dirname(from)
  if (language === 'typescript') return [resolve(folder, name)]
  const [, dots = '', rest = ''] = /^(\.*)(.*)$/.exec(name) ?? []
  const start = join(folder, ...Array.from({ length: Math.max(0, dots.length - 1) }, () => '..'))
  const path = join(start, ...rest.split('.'))
  return [`${path}.py`, join(path, '__init__.py')]
}

/** SHA-256 over the files by their paths from the entry's folder: equal wherever they lie. */
export function hashOfFiles(entry: string, files: readonly string[], more = ''): string {
  const hash = createHash('sha256').update(more)
  for (const file of files.toSorted((a, b) => (nameOf(entry, a) < nameOf(entry, b) ? -1 : 1)))
    hash
      .update(`${nameOf(entry, file)}\0`)
      .update(readFileSync(file))
      .update('\0')
  return hash.digest('hex')
}

const nameOf = (entry: string, file: string) => relative(dirname(entry), file).replaceAll('\\', '/')
