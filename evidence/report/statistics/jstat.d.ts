/** The part of jStat that is used here; the package has no types of its own. */
declare module 'jstat' {
  const jStat: {
    normal: { inv(p: number, mean: number, deviation: number): number }
    studentt: { inv(p: number, degreesOfFreedom: number): number }
    /** Excess kurtosis: the normal distribution has 0. */
    kurtosis(values: ArrayLike<number>): number
    ibeta(x: number, a: number, b: number): number
  }
  export = jStat
}
