import type { Declaration, pluginSchemaVersion } from '../../schemas/plugin.ts'
import type { AgentRole } from '../../schemas/role.ts'
import type { SandboxOutcome } from '../../tasks/sandbox/limits.ts'
import type { MeteredCall } from '../kit/metered/call.ts'

/** Writes lines into the agents' log. What exceeds the topology's limit is dropped. */
export type AgentLog = Record<'info' | 'warn' | 'error', (text: string) => void>

/** What an agent is given once, when its process starts. */
export type AgentServices = {
  identity: { role: AgentRole; variant: string; instance: string }
  /** The topology's options for this agent, as they are written there. */
  options: Readonly<Record<string, unknown>>
  log: AgentLog
  /** Aborts when the process is to stop. */
  signal: AbortSignal
}

/** What an agent is given with each piece of work. */
export type WorkServices = {
  /**
   * Asks the agent's language model once, under a name of this piece of work. The call is taken from the budget before it is made, and its
   * reply is in the journal before it is returned: the same name and request are never paid twice, whatever crashes. Where the budget is
   * used or the endpoint stays away, the answer holds a `failure`.
   * @throws where the definition does not declare `asksModel`
   */
  call: MeteredCall
  /** Runs the JavaScript text of one function with JSON arguments: no I/O, no clock, no randomness, bounded steps and memory. */
  sandbox(source: string, ...args: readonly unknown[]): Promise<SandboxOutcome>
  /** Shows a line in the terminal and on the live page; the same id is shown once a run. */
  progress(id: string, text: string): void
  /** Aborts when the work is to be given back. */
  signal: AbortSignal
}

/** What every agent says of itself. */
export type About = {
  /** The version of the SDK's protocol that it was written for: 1. */
  schemaVersion: typeof pluginSchemaVersion
  /** Lower-case letters, digits and dashes; no built-in variant's name. */
  name: string
  /** The author's own version, such as 1.0.0. */
  version: string
  /** Whether it asks a language model. Only then is it given a model, and calls. */
  asksModel?: boolean
}

/** By which an agent's definition is known, also where another copy of the SDK made it. */
export const definitionMark: unique symbol = Symbol.for('@syllabus-lab/syllabus/agent') as never

/** What `define…` gives: the declaration, and what is opened once in each process. */
export type AgentDefinition<Role extends AgentRole = AgentRole, Opened extends object = object> = {
  readonly [definitionMark]: true
  readonly declaration: Declaration & { role: Role }
  open(services: AgentServices): Opened | Promise<Opened>
}

/** A definition of a role. What it declares is checked by whoever loads it, which can name the file. */
export const define = <Role extends AgentRole, Opened extends object>(
  role: Role,
  { schemaVersion, name, version, asksModel = false }: About,
  open: AgentDefinition<Role, Opened>['open'],
  more: Partial<Declaration> = {},
): AgentDefinition<Role, Opened> => ({
  [definitionMark]: true,
  declaration: { ...more, schemaVersion, role, name, version, asksModel },
  open,
})

export const isDefinition = (value: unknown): value is AgentDefinition =>
  typeof value === 'object' && value !== null && definitionMark in value
