/** The part of jStat that is used here; the package has no types of its own. */
declare module 'jstat' {
  const jStat: {
    normal: { inv(p: number, mean: number, deviation: number): number }
    studentt: { inv(p: number, degreesOfFreedom: number): number }
    ibeta(x: number, a: number, b: number): number
  }
  export = jStat
}
