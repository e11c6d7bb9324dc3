import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../../..')

/** Words that meant two things, or nothing outside this project; docs/glossary.md has the terms that stand in their place. */
const replaced: Readonly<Record<string, string>> = {
  crew: 'agent spec',
  dialect: 'capabilities',
  door: 'consumer',
  gist: 'summary',
  grounds: 'round context',
  guard: 'ladder',
  lot: 'sort key',
  mend: 'fix',
  mended: 'corrected, fixed',
  mends: 'corrects, fixes',
  narrate: 'format',
  programme: 'queue',
  purse: 'call budget',
  said: 'what it is: reply, text, recorded',
  sat: 'evaluated',
  sits: 'is evaluated',
  sitting: 'sealed evaluation job',
  tell: 'notify, print, format',
  tells: 'states',
  told: 'what it is: text, reported, known',
}
const wordsOf = (name: string): string[] =>
  name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)

/** Names that code gives: of functions, variables, parameters, types and fields; nothing inside texts and comments. */
function namesIn(source: string): string[] {
  const code = source
    .replaceAll(/\/\*[\s\S]*?\*\/|(?<!['"`:])\/\/.*$/gm, ' ')
    .replaceAll(
      /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`|\/(?![*/])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\//g,
      "''",
    )
  return code.match(/(?<![\w$])[A-Za-z_$][\w$]*/g) ?? []
}

const files = globSync(
  '{schemas,machine,bus,tasks,agents,trace,telemetry,trackers,provision,trainer-bridge,evidence,launcher,models,cluster,experiments,api,mcp,cli,deploy,test}/**/*.{ts,mjs,js}',
  {
    cwd: root,
    exclude: (path) => /node_modules|\.venv|everyday-numbers/.test(String(path)),
  },
).sort()

test('names are read out of code, not out of texts and comments', () => {
  expect(namesIn("const told = 'sitting' // mend\n/* crew */ call(`purse`, /door/)")).toEqual(['const', 'told', 'call'])
  expect(wordsOf('isOldDoorOf')).toEqual(['is', 'old', 'door', 'of'])
})

test('no name uses a word that another one replaced', () => {
  expect(files.length).toBeGreaterThan(500)
  const wrong = files
    .filter((file) => file !== 'test/unit/project/language.test.ts')
    .flatMap((file) =>
      [...new Set(namesIn(readFileSync(join(root, file), 'utf8')))].flatMap((name) =>
        wordsOf(name)
          .filter((word) => Object.hasOwn(replaced, word))
          .map((word) => `${file}: ${name}: write ${replaced[word]}`),
      ),
    )
  expect(wrong).toEqual([])
})

/** Names that a file exports where it declares them: not those that it passes on. */
const exportedIn = (source: string): string[] => [
  ...new Set(
    [...source.matchAll(/^export (?:async )?(?:const|function\*?|class|type|interface) ([\w$]+)/gm)].map(
      ([, name]) => name!,
    ),
  ),
]

/** What programs import has the names of the commands, whatever has the same name inside. */
const published = new Set(readFileSync(join(root, 'api/mod.ts'), 'utf8').match(/[\w$]+/g))

test('an exported name means one thing: one file declares it', () => {
  expect(exportedIn("export const A = 1\nexport type A = 1\nexport { b } from './b.ts'\nconst c = 1")).toEqual(['A'])
  const declared = files
    .filter((file) => !file.startsWith('test/'))
    .flatMap((file) => exportedIn(readFileSync(join(root, file), 'utf8')).map((name) => ({ name, file })))
    .filter(({ name, file }) => !(file.startsWith('api/') && published.has(name)))
  const several = [...Map.groupBy(declared, ({ name }) => name)].filter(([, at]) => at.length > 1)
  expect(several.map(([name, at]) => `${name}: ${at.map(({ file }) => file).join(', ')}`)).toEqual([])
})

test('no line of a comment is longer than 140 characters', () => {
  const isLong = (line: string) => /^\s*(?:\/\/|\/?\*)/.test(line) && line.length > 140
  const long = files.flatMap((file) =>
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      .flatMap((line, index) => (isLong(line) ? [`${file}:${index + 1}`] : [])),
  )
  expect(isLong(`  // ${'word '.repeat(28)}`)).toBe(true)
  expect(long).toEqual([])
})

test('no file is named with such a word', () => {
  const wrong = files.filter((file) => wordsOf(file).some((word) => Object.hasOwn(replaced, word)))
  expect(wrong).toEqual([])
})
