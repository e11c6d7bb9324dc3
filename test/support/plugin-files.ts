import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** What a file of a plug-in begins with. */
export const sdk = '@syllabus-lab/syllabus/agent'

/** A definition of a generator as text; `make` is the body of its function. */
export const generatorText = (
  make: string,
  { name = 'mine', before = '', sources = "['prompt']", more = '' } = {},
): string => `
import { defineGenerator, indexesOf, candidateOf } from '${sdk}'
${before}
export const mine = defineGenerator({
  schemaVersion: 1, name: '${name}', version: '1.0.0', sources: ${sources}, ${more}
  open: ({ log, options }) => ({ async make(work, services) { ${make} } }),
})
`

/** A row of each index that the everyday numbers' scorer reads. */
export const plainRows =
  'return { candidates: indexesOf(work).map((index) => candidateOf(work, { index, input: [work.source.skill, index, work.shard.seed].join(" "), ' +
  'output: "The answer is \\\\boxed{" + index + ".00}." })), failures: [] }'

/** A folder of its own outside the repository that holds these files; gives its path. */
export function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'plugin-'))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

/** A topology of the rules with one plug-in among its agents. `more`: further lines of the file. */
export const topologyText = (agent: string, variant: string, { own = '', more = '' } = {}): string => {
  const variants = {
    planner: 'rules',
    generator: 'procedural',
    critic: 'rules',
    'trainer-bridge': 'peft',
    evaluator: 'scorer',
  }
  const agents = Object.entries({ ...variants, [agent]: variant }).map(
    ([role, each]) => `  ${role}: { variant: ${JSON.stringify(each)}${role === agent && own ? `, ${own}` : ''} }`,
  )
  return `name: with-plugin\nagents:\n${agents.join('\n')}\n${more}\n`
}
