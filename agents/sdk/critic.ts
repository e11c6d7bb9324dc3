import type { Program } from '../../schemas/program.ts'
import type { Row } from '../../schemas/row.ts'
import type { PublicTask } from '../../schemas/task.ts'
import { type About, type AgentDefinition, type AgentServices, define, type WorkServices } from './definition.ts'

/** Rows of one batch that all rules let through: their form, length, answer and contamination are checked already. */
export type CriticWork = { runId: string; rows: readonly Row[]; program: Program; task: PublicTask }

/** What a critic finds of a row: null lets it through, a text refuses it and is the reason that a person reads. */
export type CriticFinding = string | null

export type CriticServices = Pick<WorkServices, 'sandbox' | 'progress' | 'signal'>

export type OpenedCritic = {
  check(work: CriticWork, services: CriticServices): readonly CriticFinding[] | Promise<readonly CriticFinding[]>
}
export type CriticDefinition = AgentDefinition<'critic', OpenedCritic>

/**
 * Defines a critic: it refuses rows that all rules of the role let through; it admits none that they refuse. Equal rows give equal
 * findings, one for each row. Duplicates are compared after it.
 *
 * @example
 * export const brief = defineCritic({
 *   schemaVersion: 1,
 *   name: 'brief',
 *   version: '1.0.0',
 *   open: () => ({ check: ({ rows }) => rows.map(({ output }) => (output.length > 400 ? 'more than 400 characters' : null)) }),
 * })
 */
export const defineCritic = ({
  open,
  ...about
}: Omit<About, 'asksModel'> & {
  open(services: AgentServices): OpenedCritic | Promise<OpenedCritic>
}): CriticDefinition => define('critic', about, open)
