import { truncate } from '../../schemas/text.ts'
/** A record that was left out, and why. `where` names it for a person: a file and a line, or an index. */
export type Skip = { where: string; why: string }

const maxListed = 50
/** An id that a record brings is shown up to here. */
const maxWhere = 200

/** What an import read, what it left out and why. Counts are complete; the list of examples is bounded. */
export class ImportLog {
  read = 0
  kept = 0
  readonly dropped = new Map<string, number>()
  readonly listed: Skip[] = []
  readonly notes: string[] = []

  drop(where: string, why: string): void {
    this.dropped.set(why, (this.dropped.get(why) ?? 0) + 1)
    if (this.listed.length < maxListed) this.listed.push({ where: truncate(where, maxWhere), why })
  }

  note(text: string): void {
    this.notes.push(text)
  }

  /** The first record that was left out, as what a person looks at; else `fix`. */
  firstReason(fix = 'Point at the published file.'): string {
    const [first] = this.listed
    return first ? `First: ${first.where}: ${first.why}.` : fix
  }
}
