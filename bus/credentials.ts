import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { Account, accountsOf, Role } from '../schemas/role.ts'
import { inLines, parseWithFaults } from '../schemas/validation-errors.ts'
import { parseAddresses } from './addresses.ts'
import { BusSetupError, reasonOf } from './errors.ts'

export const UserCredentials = z.object({ user: z.string().min(1), pass: z.string() })
export type UserCredentials = z.infer<typeof UserCredentials>

/** What one process is handed: a user for each account of its role, and nothing else. */
export const Credentials = z.partialRecord(Account, UserCredentials)
export type Credentials = z.infer<typeof Credentials>

/** Everybody's credentials; only the launcher holds them all. */
export const AllCredentials = z.record(Role, Credentials)
export type AllCredentials = z.infer<typeof AllCredentials>

const form = '{"planner": {"LAB": {"user": "…", "pass": "…"}}, …}, an entry for every role'

/** Reads a credentials file: JSON, one entry a role. Throws BusSetupError, which shows nothing of what the file holds. */
export function readCredentials(path: string): AllCredentials {
  const refuse = (why: string): never => {
    throw new BusSetupError({
      what: `The credentials file cannot be used: ${why}`,
      where: path,
      fix: `Write it again, or delete it where the embedded server made it: ${form}.`,
    })
  }
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    // What JSON.parse says quotes the text, and with it a password.
    return refuse(error instanceof SyntaxError ? 'it is not JSON' : reasonOf(error))
  }
  const parsed = parseWithFaults(AllCredentials, value)
  return 'value' in parsed ? parsed.value : refuse(inLines(parsed.faults, 'the file').join('; '))
}

/** The user in a server's URL for all roles and accounts alike: nothing is sealed then. Throws BusSetupError. */
export function credentialsFromUrl(url: string): { servers: string; credentials: AllCredentials } {
  const { servers, login } = parseAddresses(url)
  const all = Role.options.map((role) => [
    role,
    Object.fromEntries(accountsOf[role].map((account) => [account, { ...login }])),
  ])
  return { servers, credentials: Object.fromEntries(all) as AllCredentials }
}
