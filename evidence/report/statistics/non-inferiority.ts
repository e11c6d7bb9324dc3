import type { Interval } from './interval.ts'

/** A loss of this share, 5 points, is the most that is called no loss. */
export const retentionMargin = 0.05

export type Retention = 'kept' | 'lost' | 'inconclusive'

/**
 * Whether an ability was kept, from the interval of its difference, after minus before: `kept` where the interval excludes a loss of
 * the margin or more, `lost` where it excludes anything better than such a loss. The two-sided 95 % interval makes each a one-sided
 * test at 2.5 %: ICH E9 (1998), section 3.3.2; Piaggio et al. (2012), JAMA 308, 2594-2604.
 */
export function retention(difference: Interval | null, margin: number = retentionMargin): Retention {
  if (!difference) return 'inconclusive'
  if (difference.low > -margin) return 'kept'
  return difference.high < -margin ? 'lost' : 'inconclusive'
}
