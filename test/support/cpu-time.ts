/** Processor milliseconds of this thread that some work took: unlike a clock's, not more on a busy machine. */
export function cpuMsOf(work: () => void): number {
  const before = process.threadCpuUsage()
  work()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1_000
}
