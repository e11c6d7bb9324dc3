import { fieldRows } from './field-rows.ts'
import { Topology } from './topology.ts'

/** `docs/topology-fields.md`: every field of a topology file with its type, its default and its meaning. */
export const topologyReference = (): string => `# Fields of a topology

Generated from \`schemas/topology.ts\` by \`npm run schemas\`; do not edit. A topology is a YAML file: copy one of \`deploy/topologies\`, change
what you need, and pass it with \`--topology\`. \`syllabus doctor --topology <file>\` shows every value in force, the options of its agents and
the messages' delivery policies among them. An unknown field is a fault.

| field | type | default | meaning |
| --- | --- | --- | --- |
${fieldRows(Topology)}
`
