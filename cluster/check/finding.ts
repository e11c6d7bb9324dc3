/** What one part of the check found at one place. */
export type ClusterFinding = {
  /** A server, or a file. */
  where: string
  what: string
  status: 'ok' | 'warning' | 'fault'
  detail: string
  fix?: string
}

export type FindingPlace = Pick<ClusterFinding, 'where' | 'what'>
export const ok = (place: FindingPlace, detail: string): ClusterFinding => ({ ...place, status: 'ok', detail })
export const fault = (place: FindingPlace, detail: string, fix: string): ClusterFinding => ({
  ...place,
  status: 'fault',
  detail,
  fix,
})
export const warning = (place: FindingPlace, detail: string, fix: string): ClusterFinding => ({
  ...place,
  status: 'warning',
  detail,
  fix,
})

export const hasFault = (findings: readonly ClusterFinding[]): boolean =>
  findings.some(({ status }) => status === 'fault')
