import type { StrategyName } from '../../../schemas/search.ts'
import { greedy } from './greedy.ts'
import { random } from './random.ts'
import type { Strategy } from './strategy.ts'
import { successiveHalving } from './successive-halving.ts'
import { tree } from './tree.ts'

export const strategies: Readonly<Record<StrategyName, Strategy>> = {
  greedy,
  'successive-halving': successiveHalving,
  tree,
  random,
}
