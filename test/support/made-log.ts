import type { StoredEntry } from '../../bus/mod.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import { type MessageName, type Registry, registry } from '../../schemas/registry.ts'
import { type AgentRole, agentRoles, type Role } from '../../schemas/role.ts'
import type { Variants } from '../../schemas/run.ts'
import { variantsOf } from '../../schemas/variants.ts'
import { hash } from './run-log-data.ts'

/** The first variant of every role. */
export function firstVariants(): Variants {
  return Object.fromEntries(agentRoles.map((role) => [role, variantsOf[role][0]])) as Variants
}

/** The log of a run in the making: of what was said, what the bus would give, each payload parsed by its schema. */
export type MadeLog = {
  /** Adds a message of the role's so manyth process at a time in ms; `cause` is the id of another. Gives its id. */
  greeting<N extends MessageName>(
    name: N,
    from: readonly [Role, number],
    cause: string | null,
    atMs: number,
    payload: PayloadOf<Registry[N]>,
  ): string
  /** All of it in order of time. */
  entries(): StoredEntry[]
}

export function makeLog(runId: string): MadeLog {
  const variants = firstVariants()
  const printed: Omit<StoredEntry, 'seq'>[] = []
  return {
    greeting(name, [role, number], cause, atMs, payload) {
      const message = registry[name]
      const to = message.kind === 'work' ? { role: message.to, variant: variants[message.to] } : undefined
      const id = `${runId}.${name}:${printed.length}`
      const parsed = message.schema.parse(payload)
      printed.push({
        at: new Date(atMs).toISOString(),
        subject: to ? `run.${runId}.${to.role}.${to.variant}.${name}` : `run.${runId}.event.${name}`,
        runId,
        name,
        ...(to && { to }),
        from: { role, variant: variants[role as AgentRole] ?? 'cli', instance: `${role}-${number}` },
        id,
        cause,
        traceparent: `00-${hash(runId).slice(0, 32)}-${hash(id).slice(0, 16)}-01`,
        payload: parsed,
        bytes: Buffer.byteLength(JSON.stringify(parsed)),
      })
      return id
    },
    entries: () =>
      printed
        .toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
        .map((entry, index) => ({ seq: index + 1, ...entry })),
  }
}
