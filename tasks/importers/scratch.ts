import { hash } from 'node:crypto'
import { DatabaseSync, type StatementSync } from 'node:sqlite'

/** Pages of a scratch file that stay in memory. */
const cacheKiB = 2 * 1024

/**
 * A database for the length of one import, so that what must be remembered of each record lies on disk and memory does not grow
 * with the source. It is lost with a crash, and the import with it. `path` may be `:memory:`.
 */
export function openScratch(path: string): DatabaseSync {
  const database = new DatabaseSync(path)
  database.exec(
    `PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -${cacheKiB}`,
  )
  return database
}

/** A set of fingerprints on disk. */
export class DiskSet {
  private readonly insert: StatementSync
  private readonly find: StatementSync

  constructor(database: DatabaseSync, name: 'inputs' | 'ids' | 'audit_inputs' | 'audit_groups' | 'audit_seen') {
    database.exec(`CREATE TABLE ${name} (fingerprint INTEGER PRIMARY KEY)`)
    this.insert = database.prepare(`INSERT OR IGNORE INTO ${name} VALUES (?)`)
    this.find = database.prepare(`SELECT 1 FROM ${name} WHERE fingerprint = ?`)
  }

  /** Adds a fingerprint; false where it was there already. */
  add(value: number): boolean {
    return this.insert.run(value).changes === 1
  }

  has(value: number): boolean {
    return this.find.get(value) !== undefined
  }
}

/** 52 bits of a text's SHA-256, as a number above zero: two of a million texts share one about once in 10,000 sets. */
export function fingerprint(text: string): number {
  // In one call: a Hash object for each of a million texts holds memory that the collector does not see.
  const digest = hash('sha256', text, 'buffer')
  return digest.readUIntBE(0, 6) * 16 + (digest[6]! & 15) || 1
}
