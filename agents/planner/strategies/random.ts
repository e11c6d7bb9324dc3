import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { deriveSeed } from '../../../schemas/hash.ts'
import { alike, isScored, type Strategy } from './strategy.ts'

/** Each attempt from one drawn uniformly of all that have a score and of none: what other strategies are compared with. */
export const random: Strategy = (history, standing) => {
  const starts = [null, ...history.filter(isScored).map(({ attempt }) => attempt)]
  return alike({ from: null, share: 1 }, standing).map((move, place) => {
    const draw = xoroshiro128plus(deriveSeed(standing.seed, `strategy/${standing.attempt + place}`))
    return { ...move, from: starts[uniformInt(draw, 0, starts.length - 1)]! }
  })
}
