import { fileURLToPath } from 'node:url'
import { type Names, type NewFiles, type NewRole, programText, topologyText } from './template.ts'

const packageName = '@syllabus-lab/syllabus'
const sdk = `${packageName}/agent`
/** The package of this program, which the SDK is a part of. */
const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

const packageText = (name: string) => {
  const dependencies = { [packageName]: `file:${root}` }
  return `${JSON.stringify({ name, version: '1.0.0', private: true, type: 'module', dependencies }, null, 2)}\n`
}

const code: Readonly<Record<NewRole, (name: string) => string>> = {
  generator: (name) => `// Orders: so many equal things, and what all of them cost.
import { createHash } from 'node:crypto'
import { defineGenerator, indexesOf, candidateOf } from '${sdk}'

const things = ['lamps', 'chairs', 'books', 'baskets', 'candles', 'ropes']

/** A number from 0 to \`most\` that follows from the text alone. */
const drawn = (text: string, most: number) =>
  createHash('sha256').update(text).digest().readUInt32BE() % (most + 1)

/** The text of one row, from its seed alone: equal seeds give equal rows. */
export function order(seed: string) {
  const [count, cents] = [2 + drawn(\`\${seed}/count\`, 13), 5 * (20 + drawn(\`\${seed}/price\`, 180))]
  const [price, total] = [(cents / 100).toFixed(2), ((count * cents) / 100).toFixed(2)]
  return {
    input: \`One of \${count} \${things[drawn(\`\${seed}/thing\`, 5)]} costs \${price}. What do all \${count} of them cost?\`,
    output: \`\${count} times \${price} is \${total}. The answer is therefore \\\\boxed{\${total}}.\`,
    // From these numbers the critic works the answer out again.
    origin: { core: { count, price: cents }, coreKey: \`order-total:count=\${count};price=\${cents}\` },
  }
}

export const mine = defineGenerator({
  schemaVersion: 1,
  name: '${name}',
  version: '1.0.0',
  sources: ['procedure'],
  open: () => ({
    make(work) {
      const { skill, id } = work.source
      if (skill !== 'order-total') {
        const reason = \`it knows the skill "order-total", and was asked for "\${skill}"\`
        return { candidates: [], failures: indexesOf(work).map((index) => ({ index, reason })) }
      }
      const { round, seed } = work.shard
      const candidates = indexesOf(work).map((index) =>
        candidateOf(work, { index, ...order(\`\${seed}/a\${round.attempt}.r\${round.round}.\${id}.\${index}\`) }),
      )
      return { candidates, failures: [] }
    },
  }),
})
`,
  critic: (name) => `// Refuses rows whose worked answer is as short as a guess.
import { defineCritic } from '${sdk}'

/** Why a row is refused; null for one that is let through. */
export function whyRefused(output: string): string | null {
  const words = output.trim().split(/\\s+/).length
  return words >= 4 ? null : \`an answer of \${words} words shows no work\`
}

export const mine = defineCritic({
  schemaVersion: 1,
  name: '${name}',
  version: '1.0.0',
  open: () => ({
    check: ({ rows }) => rows.map(({ output }) => whyRefused(output)),
  }),
})
`,
  planner: (name) => `// Plans as many rows of each skill.
import { definePlanner } from '${sdk}'

/** So many rows, divided evenly. */
export const shares = (rows: number, parts: number): number[] =>
  Array.from({ length: parts }, (_, at) => Math.floor(rows / parts) + (at < rows % parts ? 1 : 0))

export const mine = definePlanner({
  schemaVersion: 1,
  name: '${name}',
  version: '1.0.0',
  // It improves on nothing: each attempt begins anew.
  search: { draftsOnly: true },
  open: () => ({
    decide({ task, rows }) {
      const counts = shares(rows, task.skills.length)
      const sources = task.skills.map(({ name }, at) => ({
        id: name,
        kind: 'procedure' as const,
        skill: name,
        rows: counts[at]!,
        phrasings: 8,
        wideShare: 0.5,
        difficulty: [1, 1, 1] as [number, number, number],
      }))
      const program = {
        version: 1 as const,
        sources,
        contract: { maxInputChars: 1000, maxOutputChars: 1000 },
        filters: { nearDuplicateJaccard: 0.7, contaminationShare: 0.6 },
        verification: 'execute' as const,
        judge: null,
        carryOver: null,
      }
      return { program, diagnosis: 'As many rows of each skill, whatever was measured.' }
    },
  }),
})
`,
}

const tests: Readonly<Record<NewRole, (module: string) => string>> = {
  generator: (module) => `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { order } from './${module}.ts'

test('equal seeds give equal rows', () => {
  assert.deepEqual(order('1/7'), order('1/7'))
})

test('rows differ', () => {
  const inputs = Array.from({ length: 20 }, (_, index) => order(\`1/\${index}\`).input)
  assert.ok(new Set(inputs).size > 15)
})
`,
  critic: (module) => `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { whyRefused } from './${module}.ts'

test('a worked answer is let through, and a guess is refused', () => {
  assert.equal(whyRefused('2 times 3 is 6. It is \\\\boxed{6.00}.'), null)
  assert.match(whyRefused('\\\\boxed{6.00}') ?? '', /no work/)
})
`,
  planner: (module) => `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shares } from './${module}.ts'

test('the shares are all rows', () => {
  assert.deepEqual(shares(10, 4), [3, 3, 2, 2])
})
`,
}

/** The files of an agent in TypeScript. */
export function typescriptFiles(
  role: NewRole,
  { name, module }: Names,
): { files: NewFiles; variant: string; next: readonly string[] } {
  const variant = `./${module}.ts`
  return {
    variant,
    files: {
      [`${module}.ts`]: code[role](name),
      [`${module}.test.ts`]: tests[role](module),
      'package.json': packageText(name),
      'topology.yaml': topologyText(role, name, variant),
      ...(role === 'generator' && { 'program.yaml': programText }),
    },
    next: ['npm install', 'node --test'],
  }
}
