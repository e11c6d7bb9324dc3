/**
 * The SDK for agents outside this repository: `import { defineGenerator } from '@syllabus-lab/syllabus/agent'`. The built-in variants are
 * written with it. docs/agents.md is its guide, docs/agent-sdk.md the generated reference of these names.
 */

export { type ProgramChoices, programFor } from '../planner/even-program.ts'
export type { Situation } from '../planner/policy.ts'
export { diagnose } from '../planner/rules/diagnose.ts'
export {
  type CriticDefinition,
  type CriticFinding,
  type CriticServices,
  type CriticWork,
  defineCritic,
  type OpenedCritic,
} from './critic.ts'
export type { About, AgentDefinition, AgentLog, AgentServices, WorkServices } from './definition.ts'
export {
  candidateOf,
  chanceOf,
  defineGenerator,
  type GeneratorDefinition,
  type GeneratorServices,
  type GeneratorWork,
  indexesOf,
  type MadeShard,
  type OpenedGenerator,
  type Written,
} from './generator.ts'
export {
  definePlanner,
  type OpenedPlanner,
  type PlannedProgram,
  type PlannerDefinition,
  type PlannerServices,
} from './planner.ts'
