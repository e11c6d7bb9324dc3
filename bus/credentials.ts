import { readFileSync } from 'node:fs'
import { type ConnectionOptions, nkeyAuthenticator, nkeys } from 'nats'
import { z } from 'zod'
import { Account, accountsOf, Role, roles } from '../schemas/role.ts'
import { inLines, parseWithFaults } from '../schemas/validation-errors.ts'
import { parseAddresses } from './addresses.ts'
import { BusSetupError, reasonOf } from './errors.ts'
import { openTlsFiles, TlsFiles } from './tls.ts'

/** A user with a password. */
const PasswordLogin = z.strictObject({ user: z.string().min(1), pass: z.string() })
export type PasswordLogin = z.infer<typeof PasswordLogin>

/** The public key of a user's seed; null for any other text. */
function publicKeyOf(seed: string): string | null {
  try {
    const key = nkeys.fromSeed(new TextEncoder().encode(seed)).getPublicKey()
    return key.startsWith('U') ? key : null
  } catch {
    return null
  }
}

/** A user with an nkey. The server knows its public key, and is sent a signature. */
const NkeyLogin = z.strictObject({
  nkeySeed: z.string().refine((seed) => publicKeyOf(seed) !== null, 'this is not the seed of a user (SU…)'),
})

/** How one user of one account logs in. Without a name and a password it is nobody: a server that asks for none takes it. */
export const Login = z.union([PasswordLogin.extend({ user: z.string() }), NkeyLogin])
export type Login = z.infer<typeof Login>

/** What one process is handed: a user for each account of its role, and nothing else. */
export const Credentials = z.partialRecord(Account, Login)
export type Credentials = z.infer<typeof Credentials>

/** What a host holds: the credentials of some roles. */
export type HeldCredentials = Partial<Record<Role, Credentials>>

/** Everybody's passwords, as the embedded server makes them. */
export const AllCredentials = z.record(Role, z.partialRecord(Account, PasswordLogin))
export type AllCredentials = z.infer<typeof AllCredentials>

/** How the server's configuration names a user. */
export type ServerUser = { nkey: string } | { user: string; password: string }

export const userOf = (login: Login): ServerUser =>
  'nkeySeed' in login ? { nkey: publicKeyOf(login.nkeySeed)! } : { user: login.user, password: login.pass }

/** A new user: its seed is for whoever logs in, its public key for the servers. */
export function createNkey(): { seed: string; publicKey: string } {
  const pair = nkeys.createUser()
  return { seed: new TextDecoder().decode(pair.getSeed()), publicKey: pair.getPublicKey() }
}

/** How the client logs in. */
export function loginOptions(login: Login): Pick<ConnectionOptions, 'user' | 'pass' | 'authenticator'> {
  if ('nkeySeed' in login) return { authenticator: nkeyAuthenticator(new TextEncoder().encode(login.nkeySeed)) }
  return login.user ? login : {}
}

/** The user as a person may see it; empty for nobody. */
export const loginName = (login: Login): string =>
  'nkeySeed' in login ? `nkey ${publicKeyOf(login.nkeySeed)}` : login.user && `user "${login.user}"`

const FileEntry = z.partialRecord(
  Account,
  z.union([PasswordLogin, NkeyLogin], { error: 'write {"user": …, "pass": …} or {"nkeySeed": "SU…"}' }),
)
const entries = Object.fromEntries(roles.map((role) => [role, FileEntry.optional()]))
/** What a host of a cluster holds beside its users, in the file that `syllabus cluster node` writes: the join file. */
export const NodeFacts = z.strictObject({
  /** Name of the node, one of its cluster. */
  node: z.string().min(1),
  /** Which cluster: its id, which `cluster init` draws, and which the bus holds too. */
  cluster: z.string().min(1),
  /** As NATS_URL: addresses joined by commas. */
  servers: z.string().min(1),
  /** How many servers hold everything, where the topology does not say. */
  copies: z.union([z.literal(1), z.literal(3), z.literal(5)], { error: 'write 1, 3 or 5' }).optional(),
  /** Hex, 32 bytes; only where a critic, an evaluator or the operator works. */
  contaminationKey: z.string().optional(),
})
export type NodeFacts = z.infer<typeof NodeFacts>

/** A credentials file; a join file has the facts of its node, too. */
const CredentialsFile = z.strictObject({
  ...(entries as Record<Role, z.ZodOptional<typeof FileEntry>>),
  tls: TlsFiles.optional(),
  join: NodeFacts.optional(),
})

const form =
  '{"planner": {"LAB": {"user": "…", "pass": "…"}}, …}, or {"nkeySeed": "SU…"} as a user; an entry for each role that works on this host'

const joinFix =
  "The code of this host may be older than the cluster's: bring it to the version that wrote the file. Else write the file again with the version " +
  'of this host, with "npx syllabus cluster node".'

const seedFix =
  'Accounts and servers have seeds too; these are none of a user. Write the file again: npx syllabus cluster node.'

/**
 * Reads a credentials file: JSON, one entry for each role that this host works for, and under `tls` what connections with TLS need.
 * @throws BusSetupError, which shows nothing of what the file holds
 */
export function readCredentials(path: string): {
  credentials: HeldCredentials
  tls: TlsFiles | undefined
  join: NodeFacts | undefined
} {
  const refuse = (
    why: string,
    fix = `Write it again, or delete it where the embedded server made it: ${form}.`,
  ): never => {
    throw new BusSetupError({ what: `The credentials file cannot be used: ${why}`, where: path, fix })
  }
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    // What JSON.parse says quotes the text, and with it a password.
    return refuse(error instanceof SyntaxError ? 'it is not JSON' : reasonOf(error))
  }
  const parsed = parseWithFaults(CredentialsFile, value)
  if ('faults' in parsed) {
    // What stands in the place of another may be a password.
    const hidden = parsed.faults.map(({ path, words }) => ({ path, words: words.replace(/, not .*$/s, '') }))
    const isJoinFile = typeof value === 'object' && value !== null && 'join' in value
    if (!isJoinFile) return refuse(inLines(hidden, 'the file').join('; '))
    // Nobody writes one by hand.
    const faults = hidden.map(({ path, words }) => ({ path, words: words.replace(/; take it out.*$/s, '') }))
    const shown = inLines(faults, 'the file').join('; ')
    if (faults.every(({ path }) => path.at(-1) === 'nkeySeed')) return refuse(shown, seedFix)
    return refuse(`${shown}: a newer version of Syllabus may have written it`, joinFix)
  }
  const { tls, join, ...credentials } = parsed.value
  return { credentials, tls: tls && openTlsFiles(tls, path), join }
}

/** The user in a server's URL for all roles and accounts alike: nothing is sealed then. @throws BusSetupError */
export function credentialsFromUrl(url: string) {
  const { servers, login } = parseAddresses(url)
  const all = Role.options.map((role) => [
    role,
    Object.fromEntries(accountsOf[role].map((account) => [account, { ...login }])),
  ])
  return { servers, credentials: Object.fromEntries(all) as AllCredentials }
}
