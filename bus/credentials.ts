import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { Account, accountsOf, Role } from '../schemas/role.ts'
import { BusSetupError, reasonOf } from './errors.ts'

export const UserCredentials = z.object({ user: z.string().min(1), pass: z.string() })
export type UserCredentials = z.infer<typeof UserCredentials>

/** What one process is handed: a user for each account of its role, and nothing else. */
export const Credentials = z.partialRecord(Account, UserCredentials)
export type Credentials = z.infer<typeof Credentials>

/** Everybody's credentials; only the launcher holds them all. */
export const AllCredentials = z.record(Role, Credentials)
export type AllCredentials = z.infer<typeof AllCredentials>

/** Reads a credentials file: JSON, one entry a role. Throws BusSetupError. */
export function readCredentials(path: string): AllCredentials {
  try {
    return AllCredentials.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (error) {
    throw new BusSetupError({
      what: `The credentials file cannot be used: ${reasonOf(error)}`,
      where: path,
      mend: 'Write it again, or delete it where the embedded server made it: {"planner": {"LAB": {"user": "…", "pass": "…"}}, …}.',
    })
  }
}

/** The user in a server's URL for all roles and accounts alike: nothing is sealed then. */
export function credentialsFromUrl(url: string): { servers: string; credentials: AllCredentials } {
  const parsed = new URL(url.includes('://') ? url : `nats://${url}`)
  const login = { user: decodeURIComponent(parsed.username), pass: decodeURIComponent(parsed.password) }
  const all = Role.options.map((role) => [
    role,
    Object.fromEntries(accountsOf[role].map((account) => [account, { ...login }])),
  ])
  return {
    servers: `${parsed.protocol}//${parsed.host}`,
    credentials: Object.fromEntries(all) as AllCredentials,
  }
}
