import { z } from 'zod'

/** A run's name: it becomes a subject token, a folder and a key, and is never used twice on one bus. */
export const RunId = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{1,47}$/,
    'a run id has 2 to 48 lower-case letters, digits and dashes, and starts with a letter or digit',
  )
export type RunId = z.infer<typeof RunId>

/** SHA-256 in lower-case hex. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in lower-case hex')
export type Sha256 = z.infer<typeof Sha256>

/** One token of a subject: a variant's, a skill's or a source's name. */
export const Token = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'lower-case letters, digits and dashes')
export type Token = z.infer<typeof Token>

/** Lower-case words and numbers joined by hyphens: the name of a task, a source or a reference. */
export const KebabName = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'write lower-case words and numbers joined by hyphens')

/** A blob in one account's object store; whoever reads it checks the hash. */
export const ObjectRef = z.object({
  account: z.enum(['LAB', 'EXAM', 'VAULT']),
  name: z.string().min(1),
  sha256: Sha256,
  bytes: z.number().int().nonnegative(),
})
export type ObjectRef = z.infer<typeof ObjectRef>

/** ISO 8601 time in UTC. */
export const Timestamp = z.iso.datetime()
export type Timestamp = z.infer<typeof Timestamp>
