import type { AgentRole } from '../../schemas/role.ts'

/** Roles that an agent of one's own can have from the start. */
export const newRoles = ['generator', 'critic', 'planner'] as const satisfies readonly AgentRole[]
export type NewRole = (typeof newRoles)[number]

export const languages = ['ts', 'python'] as const
export type AgentLanguage = (typeof languages)[number]

/** What the files of a new agent are made of. `name` is the variant's; `module` the same as a file's name without its ending. */
export type Names = { name: string; module: string }

/** NewFiles by their names. */
export type NewFiles = Readonly<Record<string, string>>

const builtIn: Readonly<Record<AgentRole, string>> = {
  planner: 'rules',
  generator: 'procedural',
  critic: 'rules',
  'trainer-bridge': 'peft',
  evaluator: 'scorer',
}

/** A topology of the rules with the new agent among its agents. */
export function topologyText(role: NewRole, name: string, variant: string): string {
  const agents = Object.entries({ ...builtIn, [role]: variant }).map(
    ([each, chosen]) => `  ${each}: { variant: ${JSON.stringify(chosen)} }`,
  )
  return `# The agents of the demonstration, with one of your own. A relative path starts at this file.
name: ${name}
agents:
${agents.join('\n')}
`
}

/** What a generator is asked for by \`syllabus generate\` and \`syllabus agent check\`: rows of a skill of the bundled task. */
export const programText = `# Rows of one skill of the bundled task; docs/program.md describes every field.
# verification execute: the critic works each answer out again from the numbers that a row has in its origin.
version: 1
sources:
  - id: orders
    kind: procedure
    skill: order-total
    rows: 60
    phrasings: 4
    wideShare: 0
    difficulty: [1, 1, 1]
contract: { maxInputChars: 1000, maxOutputChars: 1000 }
filters: { nearDuplicateJaccard: 0.7, contaminationShare: 0.6 }
verification: execute
carryOver: null
`
