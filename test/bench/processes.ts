import { readdir, readFile } from 'node:fs/promises'

/** What one process used: CPU seconds until it was last seen, and its peak memory. */
export type ProcessUse = { name: string; cpuS: number; peakMb: number }

/** Clock ticks a second of /proc/<pid>/stat; Linux has 100 everywhere that Node runs. */
const ticks = 100

/** Notes what a process and its descendants used so far, each under its id; /proc of Linux alone tells. */
export async function noteProcesses(root: number, into: Map<number, ProcessUse>): Promise<void> {
  const seen = new Map<number, ProcessUse & { parent: number }>()
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const [status, stat, environ] = await Promise.all(
      ['status', 'stat', 'environ'].map((file) => readFile(`/proc/${entry}/${file}`, 'utf8').catch(() => '')),
    )
    const field = (key: string) => new RegExp(`^${key}:\\s+(\\S+)`, 'm').exec(status!)?.[1] ?? ''
    // After the name, which may hold spaces, the fields are numbers: user and system time are the 14th and 15th.
    const times = stat!.slice(stat!.lastIndexOf(')') + 2).split(' ')
    const role = /SYLLABUS_AGENT=\{"role":"([a-z-]+)"/.exec(environ!)?.[1]
    const cpuS = (Number(times[11]) + Number(times[12])) / ticks
    const peakMb = Number(field('VmHWM')) / 1024
    seen.set(Number(entry), { parent: Number(field('PPid')), name: role ?? field('Name'), cpuS, peakMb })
  }
  const descends = (pid: number): boolean => pid === root || (seen.has(pid) && descends(seen.get(pid)!.parent))
  for (const [pid, { name, cpuS, peakMb }] of seen)
    if (peakMb > 0 && descends(pid)) into.set(pid, { name, cpuS, peakMb })
}
