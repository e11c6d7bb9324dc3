import { asksModel, type VariantOf } from '../../schemas/variants.ts'
import type { Situation } from './policy.ts'
import { sourceKindsOf } from './program/source-kinds.ts'
import type { PlannerState } from './state.ts'
import type { Store } from './store.ts'

/** Rows of the best dataset that a policy is shown. */
const sampleSize = 6

/** Everything a policy may look at, from the state and its blobs. */
export async function situationOf(
  { config, base, attempts }: PlannerState,
  known: Pick<Situation, 'operation' | 'attempt' | 'best' | 'left'>,
  store: Store,
): Promise<Situation> {
  const rows = known.best?.dataset ? await store.getRows(known.best.dataset) : []
  const stride = Math.max(1, Math.floor(rows.length / sampleSize))
  return {
    ...known,
    runId: config.runId,
    prices: config.prices,
    rows: config.rows,
    seed: config.seed,
    ...(config.generate && { given: config.generate.program }),
    task: await store.task(config.publicTask),
    base: base?.validation ?? null,
    history: attempts,
    sampleRows: rows.filter((_, index) => index % stride === 0).slice(0, sampleSize),
    sourceKinds: sourceKindsOf[config.variants.generator as VariantOf<'generator'>],
    meteredChecks: asksModel(config.variants.critic),
  }
}
