import { alike, type Strategy } from './strategy.ts'

/** Always from the best attempt so far: the paper's search. */
export const greedy: Strategy = (_history, standing) => alike({ from: standing.best, share: 1 }, standing)
