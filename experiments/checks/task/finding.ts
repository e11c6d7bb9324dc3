/** What one check of a task folder found. */
export type Finding = {
  name: string
  /** What was looked at, in a few words. */
  detail: string
  /** What has to be fixed. */
  problems: string[]
  /** What a person should know and need not fix. */
  notes: string[]
}

export function finding(name: string, detail: string, problems: string[] = [], notes: string[] = []): Finding {
  return { name, detail, problems, notes }
}
