import { isIP, isIPv6 } from 'node:net'
import { domainToASCII } from 'node:url'
import { z } from 'zod'
import { UsageError } from '../schemas/user-error.ts'

/** Of hosts, nodes and clusters: a file name on every system, and one token in the servers' own names. */
export const Name = z
  .string()
  .regex(
    /^[a-z\d]([a-z\d-]{0,38}[a-z\d])?$/,
    'a name has 1 to 40 of a-z, 0-9 and -, and begins and ends with one of a-z or 0-9',
  )

/** A host of a NATS server: the address that clients and other servers dial first, then others that its certificate names. */
export const Host = z.strictObject({ name: Name, addresses: z.array(z.string()).min(1) })
export type Host = z.infer<typeof Host>

const form =
  'Write --host NAME=ADDRESS[,ADDRESS…], for each host once: a DNS name, an IPv4 or an IPv6 address that the other hosts reach it by; ports are --port, --route-port and --monitor-port.'
const dnsName = /^(?=.{1,253}$)([a-z\d]([a-z\d-]{0,61}[a-z\d])?)(\.[a-z\d]([a-z\d-]{0,61}[a-z\d])?)*$/
const unspecified: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

/**
 * Reads what `--host` was given: `gpu-a=10.0.0.1,gpu-a.example.org`.
 * @throws UsageError that names what cannot be an address of a host
 */
export function parseHosts(given: readonly string[]): Host[] {
  const hosts = given.map(parseHost)
  refuseTwice(hosts.map(({ name }) => name))
  refuseTwice(hosts.flatMap(({ addresses }) => addresses))
  if (hosts.length > 0) return hosts
  throw new UsageError('A cluster needs a host.', form)
}

function parseHost(text: string): Host {
  const [, name = '', rest = ''] = /^([^=]*)=(.*)$/.exec(text) ?? []
  if (!rest) throw new UsageError(`"${text}" names no address.`, form)
  const { error } = Name.safeParse(name)
  if (error) throw new UsageError(`"${name}" cannot name a host: ${error.issues[0]!.message}.`, form)
  return { name, addresses: rest.split(',').map((each) => parseAddress(each.trim())) }
}

/** As certificates and addresses have it: small letters, punycode, the short form of an IPv6 address. */
function parseAddress(text: string): string {
  const bare = text.replace(/^\[(.*)\]$/, '$1')
  if (isIP(bare) && !bare.includes('%')) {
    const address = isIPv6(bare) ? new URL(`http://[${bare}]`).hostname.slice(1, -1) : bare
    if (!unspecified.has(address)) return address
  }
  const name = domainToASCII(text).toLowerCase()
  // What ends in a number is an IPv4 address that is written wrongly, for whoever dials it.
  if (dnsName.test(name) && !/(^|\.)\d+$/.test(name)) return name
  throw new UsageError(`"${text}" is no address of a host.`, form)
}

function refuseTwice(names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new UsageError(`"${twice}" stands for two hosts.`, form)
}

/** Where others dial a host. */
export const dialled = ({ addresses }: Host): string => inUrl(addresses[0]!)

/** An address as a URL has it. */
const inUrl = (address: string): string => (isIPv6(address) ? `[${address}]` : address)

/** A host that others reach by a loopback address is one of several on this machine: each listens there alone. */
const isLoopback = (address: string): boolean => address === '::1' || /^127\./.test(address)

/** Where a server listens for others, and where it shows its state to its own host alone. */
export const listening = ({ addresses: [first = ''] }: Host): { others: string; monitor: string } =>
  isLoopback(first) ? { others: inUrl(first), monitor: inUrl(first) } : { others: '0.0.0.0', monitor: '127.0.0.1' }
