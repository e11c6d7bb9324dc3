import { fieldRows } from './field-rows.ts'
import { Program } from './program.ts'

/** `docs/program-fields.md`: every field of a curation program with its type, its default and its meaning. */
export const programReference = (): string => `# Fields of a curation program

Generated from \`schemas/program.ts\` by \`npm run schemas\`; do not edit. What they are for, with examples: [program.md](program.md).
A field without a default must be written. An unknown field is a fault.

| field | type | default | meaning |
| --- | --- | --- | --- |
${fieldRows(Program)}
`
