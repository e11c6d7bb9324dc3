/** What one part of the check found at one place. */
export type Finding = {
  /** A server, or a file. */
  where: string
  what: string
  status: 'ok' | 'warning' | 'fault'
  detail: string
  fix?: string
}

export type Place = Pick<Finding, 'where' | 'what'>
export const ok = (place: Place, detail: string): Finding => ({ ...place, status: 'ok', detail })
export const fault = (place: Place, detail: string, fix: string): Finding => ({
  ...place,
  status: 'fault',
  detail,
  fix,
})
export const warning = (place: Place, detail: string, fix: string): Finding => ({
  ...place,
  status: 'warning',
  detail,
  fix,
})

export const hasFault = (findings: readonly Finding[]): boolean => findings.some(({ status }) => status === 'fault')
