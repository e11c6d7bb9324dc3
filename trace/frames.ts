import { z } from 'zod'
import type { StoredEntry } from '../bus/mod.ts'
import type { Description } from '../schemas/describe.ts'
import { RunId } from '../schemas/ids.ts'
import type { ShownPresence } from './presence.ts'
import type { AgentTrouble } from './troubles.ts'

/** What a viewer asks for when it connects: which run, and from which message on. Without a run it gets runs and agents only. */
export const ViewerQuery = z.object({
  run: RunId.optional(),
  from: z.coerce.number().int().min(1).default(1),
})
export type ViewerQuery = z.infer<typeof ViewerQuery>

/** What a viewer may send: a wish for the whole content of one message of its run. */
export const ViewerFrame = z.strictObject({ type: z.literal('content'), seq: z.number().int().positive() })
export type ViewerFrame = z.infer<typeof ViewerFrame>

/** One message of the run; `summarised` says that long parts of its payload are left out. */
export type EntryFrame = Pick<
  StoredEntry,
  'seq' | 'at' | 'name' | 'from' | 'to' | 'id' | 'cause' | 'bytes' | 'parseError'
> & {
  type: 'entry'
  /** As the terminal has it. */
  description: Description
  payload: unknown
  summarised: boolean
}

export type ServerFrame =
  | EntryFrame
  /** Everything up to `seq` was sent; from here on the run is followed. `at` is the gateway's clock. */
  | { type: 'caught-up'; seq: number; at: string }
  | { type: 'presence'; agents: ShownPresence[] }
  /** What keeps agents from their work, and which agents of the viewer's run are missing: the list that a terminal shows. */
  | { type: 'troubles'; troubles: AgentTrouble[] }
  | { type: 'runs'; runs: { runId: string; startedAt: string }[] }
  | { type: 'content'; seq: number; payload: unknown; error?: string }

/** Close codes of the gateway; the page comes back by itself after `slow` and `away`. */
export const closeCodes = { slow: 4008, away: 1012, broken: 1011, badFrame: 1008 } as const
