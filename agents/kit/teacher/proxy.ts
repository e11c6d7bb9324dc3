import { BlockList, isIP } from 'node:net'
import { TeacherUnusable } from './options.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** A proxy that the environment names: its whole address, which may hold a password, and what may be shown of it. */
export type HttpProxy = { address: string; shown: string }

/**
 * The proxy through which an address is asked; null for none. It is read as curl, Go and Python read it: `https_proxy` or `http_proxy` by
 * the scheme of the address, else `all_proxy`, each in small or capital letters; not for what `no_proxy` names. An address of this
 * machine is always asked directly.
 * @throws TeacherUnusable for a proxy that cannot be used; its address is not repeated, since it may hold a password.
 */
export function proxyFor(address: URL, env: Environment): HttpProxy | null {
  const named = [`${address.protocol.slice(0, -1)}_proxy`, 'all_proxy'].flatMap((name) => [name, name.toUpperCase()])
  const name = named.find((each) => env[each]?.trim())
  if (name === undefined || isDirect(address, env.no_proxy ?? env.NO_PROXY ?? '')) return null
  const text = env[name]!.trim()
  const proxy = URL.parse(/^[a-z][\w+.-]*:\/\//i.test(text) ? text : `http://${text}`)
  if (proxy && /^https?:$/.test(proxy.protocol) && proxy.hostname)
    return { address: proxy.href, shown: `${proxy.host} (${name})` }
  const kind = proxy?.hostname ? `a proxy of the kind "${proxy.protocol.slice(0, -1)}"` : 'no address of a proxy'
  throw new TeacherUnusable(
    `${name} names ${kind}, and models are asked through HTTP proxies alone.`,
    `Set ${name} to http://<host>:<port>, unset it, or name ${address.hostname} in NO_PROXY.`,
  )
}

/** Whether an address is asked without a proxy. `list`: names, `.suffixes`, addresses and networks, with or without a port; `*` is all. */
function isDirect({ hostname, port, protocol }: URL, list: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  if (host === 'localhost' || host.endsWith('.localhost') || thisMachine.check(host, familyOf(host))) return true
  const usedPort = port || (protocol === 'https:' ? '443' : '80')
  return list.split(/[\s,]+/).some((entry) => {
    if (entry === '*') return true
    if (isIP(host) && entry.includes('/')) return isWithin(host, entry)
    const [, name = '', onlyPort] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? []
    if (name === '' || (onlyPort !== undefined && onlyPort !== usedPort)) return false
    const bare = name.toLowerCase().replace(/^\*?\./, '')
    return host === bare || (!isIP(host) && host.endsWith(`.${bare}`))
  })
}

const thisMachine = new BlockList()
thisMachine.addSubnet('127.0.0.0', 8, 'ipv4')
thisMachine.addAddress('::1', 'ipv6')

const familyOf = (host: string) => (isIP(host) === 6 ? 'ipv6' : 'ipv4')

/** Whether an address lies in a network, `10.0.0.0/8`. */
function isWithin(host: string, network: string): boolean {
  const [start = '', bits] = network.split('/')
  if (isIP(start) !== isIP(host) || !/^\d{1,3}$/.test(bits ?? '')) return false
  const list = new BlockList()
  const most = isIP(start) === 6 ? 128 : 32
  if (Number(bits) > most) return false
  list.addSubnet(start, Number(bits), familyOf(start))
  return list.check(host, familyOf(host))
}
