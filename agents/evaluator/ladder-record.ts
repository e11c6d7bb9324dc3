import { z } from 'zod'
import type { Bus } from '../../bus/mod.ts'
import { Guide } from '../../schemas/guidance.ts'
import { ObjectRef } from '../../schemas/ids.ts'
import { ItemOutcome } from '../../schemas/score.ts'
import type { ScoreMode } from '../../schemas/task.ts'
import { TrivialScore } from '../../schemas/trivial.ts'
import { isAbove } from './ladder.ts'

/** All that a report tells of a candidate's replies; shown or kept back together. */
export const Shown = Guide.extend({ items: z.array(ItemOutcome), trivial: z.array(TrivialScore).optional() })
export type Shown = z.infer<typeof Shown>

/** What was shown for each candidate of a run, and the best that was shown. */
export const LadderRecord = z.object({
  best: z.object({ studentModel: z.string(), shown: ObjectRef }),
  decided: z.record(z.string(), z.object({ shownAs: z.string(), shown: ObjectRef })),
})
export type LadderRecord = z.infer<typeof LadderRecord>

/**
 * Keeps a search from fitting validation by asking often: a candidate that is not above the best one shown is answered with what that
 * one was answered with, so score, skill scores and bad cases tell nothing new.
 * G1  What was decided for a candidate stays, however often it comes and whoever dies in between.
 */
export function createLadder(bus: Bus) {
  const records = bus.kv('ladders', LadderRecord)

  return {
    /** What the search is shown of a candidate, and whose it is. */
    async pass(
      runId: string,
      studentModel: string,
      result: Shown,
      mode: ScoreMode,
    ): Promise<{ shownAs: string; shown: Shown }> {
      for (;;) {
        const current = await records.get(runId)
        const known = current?.value.decided[studentModel]
        if (known) return { shownAs: known.shownAs, shown: await bus.objects.getJson(known.shown, Shown) }
        const best = current && (await bus.objects.getJson(current.value.best.shown, Shown))
        const isShown = !best || isAbove(result.items, best.items, mode)
        const top = isShown
          ? { studentModel, shown: await bus.objects.putJson('VAULT', `${runId}/guard`, result) }
          : current!.value.best
        const entry = { shownAs: top.studentModel, shown: top.shown }
        const next = { best: top, decided: { ...current?.value.decided, [studentModel]: entry } }
        const saved = current ? await records.update(runId, next, current.revision) : await records.create(runId, next)
        if (typeof saved === 'number') return { shownAs: top.studentModel, shown: isShown ? result : best! }
      }
    },
  }
}
