/** What one check of a task folder found. */
export type TaskFinding = {
  name: string
  /** What was looked at, in a few words. */
  detail: string
  /** What has to be fixed. */
  problems: string[]
  /** What a person should know and need not fix. */
  notes: string[]
}

export function finding(name: string, detail: string, problems: string[] = [], notes: string[] = []): TaskFinding {
  return { name, detail, problems, notes }
}

/** Lines shown of each list; the count is always whole. */
const maxShown = 20

/** A finding in lines for a person. */
export function describeFinding({ name, detail, problems, notes }: TaskFinding): string[] {
  const state = problems.length > 0 ? 'FAILED' : notes.length > 0 ? 'note  ' : 'ok    '
  const head = `${state}  ${name.padEnd(40)}  ${detail}`
  return [head, ...listed(problems), ...listed(notes)]
}

function listed(lines: string[]): string[] {
  const shown = lines.slice(0, maxShown).map((line) => `          ${line}`)
  return lines.length > maxShown ? [...shown, `          and ${lines.length - maxShown} more`] : shown
}
