import type { Declaration } from '../../schemas/plugin.ts'
import type { AgentServices } from './definition.ts'

/*
 * Between the process that holds a role's credentials and the one that runs a plug-in's code: one line of JSON a message. The code is given
 * no credentials and no key; what it needs of the bus or a model it asks for. A value that is sent with a key is sent once a process.
 */

/** From the holder of the credentials, on standard input. */
export type ToCode =
  | { do: 'open'; identity: AgentServices['identity']; options: AgentServices['options'] }
  | { do: 'call'; id: number; method: string; input: object; shared: Readonly<Record<string, string>> }
  | { do: 'share'; key: string; value: unknown }
  | { do: 'abort'; id: number }
  | { do: 'answer'; id: number; value?: unknown; error?: string }
  | { do: 'stop' }

/** From the code, on descriptor 3. The first line is `declared` or `failed`. */
export type FromCode =
  | { is: 'declared'; declaration: Declaration; printed: string }
  | { is: 'failed'; kind: CodeFaultKind; reason: string }
  | { is: 'opened' }
  | { is: 'result'; id: number; value: unknown }
  | { is: 'error'; id: number; reason: string; denied?: string }
  /** `of`: the call that it belongs to. */
  | { is: 'ask'; id: number; of: number; service: string; args: readonly unknown[] }
  | { is: 'log'; level: 'info' | 'warn' | 'error'; text: string }

/** Why the code cannot be used. */
export type CodeFaultKind = 'parse' | 'missing-package' | 'missing-file' | 'denied' | 'exports' | 'throws' | 'open'

/** The descriptor that the code answers on. */
export const codeDescriptor = 3
