import { setTimeout as sleep } from 'node:timers/promises'
import { type Bus, type DeadLetter, type Handlers, TerminalError } from '../../bus/mod.ts'
import type { LocalPlugin } from '../../schemas/plugin.ts'
import type { AgentRole } from '../../schemas/role.ts'
import type { PluginLimits } from '../../schemas/session-limits.ts'
import type { VariantOf } from '../../schemas/variants.ts'
import type { Log } from './log.ts'

export type AgentContext = {
  bus: Bus
  /** Who it is; kept apart everywhere. */
  identity: { role: AgentRole; variant: string; instance: string }
  /** The topology's options for this agent, not yet checked. */
  options: Readonly<Record<string, unknown>>
  /** Folder for caches and the runtime. */
  home: string
  /** Key of the contamination index; held by critic and evaluator alone. */
  contaminationKey: Uint8Array | null
  log: Log
  /** Says in the process's presence what its work waits for; null: nothing. While nothing is under way besides, a stop does not wait. */
  setWaiting: (reason: string | null, isUnderWay?: () => boolean) => void
  /** Aborts when the process is to stop: nothing that costs is begun after it. What is in hand goes on until its handler's own signal. */
  signal: AbortSignal
  /** The plug-in that it is, with its limits; left out of a built-in variant. */
  plugin?: PluginLaunch | undefined
  /** Says in the process's presence that its plug-in was refused something, or bounded. */
  onPluginFault?: (text: string, fix: string) => void
}

/** A plug-in as it is started, and its limits. */
export type PluginLaunch = LocalPlugin & { limits: PluginLimits }

/** Handlers and what is to be released when the process drains. */
export type StartedAgent<R extends AgentRole> = { handlers: Handlers<R>; release?: () => Promise<void> }

/** A role: its variants in an explicit map, one of which a topology names. */
export type AgentModule<R extends AgentRole> = {
  role: R
  variants: { [V in VariantOf<R>]: (context: AgentContext) => Promise<StartedAgent<R>> }
  /** Starts a plug-in of the role; left out where there can be none. */
  plugin?: (context: AgentContext, plugin: PluginLaunch) => Promise<StartedAgent<R>>
}

const againMs = 1000

/**
 * Hands each dead letter to `take`, until the signal fires. One that `take` failed on comes again, since it was not acknowledged; with
 * TerminalError it is passed over. Never rejects.
 */
export async function takeDeadLetters(
  bus: Pick<Bus, 'dead'>,
  { log, signal }: { log: Log; signal: AbortSignal },
  take: (letter: DeadLetter) => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const letter of bus.dead.follow(signal)) {
        await take(letter).catch((error: unknown) => {
          if (!(error instanceof TerminalError)) throw error
          log.error({ id: letter.id, error: error.message }, 'a dead letter was passed over')
        })
      }
    } catch (error) {
      if (signal.aborted) return
      log.error({ error: String(error) }, 'a dead letter was not taken; it comes again')
      await sleep(againMs, undefined, { signal }).catch(() => {})
    }
  }
}
