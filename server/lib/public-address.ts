import type { LookupAddress } from 'node:dns'
import { Resolver } from 'node:dns/promises'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/**
 * Addresses that are not the internet's (IANA special-purpose registries), and those that carry an IPv4 address inside. A list for each
 * family: in one list Node takes every IPv4 address for one that is mapped into IPv6.
 */
const notPublic = { ipv4: new BlockList(), ipv6: new BlockList() }
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  notPublic.ipv4.addSubnet(network, bits, 'ipv4')
for (const [network, bits] of [
  ['::', 96],
  ['::ffff:0:0', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['5f00::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const)
  notPublic.ipv6.addSubnet(network, bits, 'ipv6')

/** An address within somebody's network was asked for in place of a public one. */
export class PrivateAddress extends Error {
  readonly code = 'ERR_PRIVATE_ADDRESS'
}

/** Whether an IP address is one of the internet's. */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address)
  if (version === 0) return false
  const family = version === 4 ? 'ipv4' : 'ipv6'
  return !notPublic[family].check(address, family)
}

/** @throws PrivateAddress when a host is written so that it cannot be one of the internet's: no name is looked up for it. */
export function assertPublicHost(hostname: string): void {
  if (!isPublicHost(hostname)) throw new PrivateAddress(`${hostname} is not a public address`)
}

/** A name server that keeps silent is asked twice. */
const resolving = { timeout: 2000, tries: 2 }

/**
 * Looks a name up once for the connection that is about to be made: a name that has any address that is not public has none. The names
 * are other people's, so their name servers are asked directly: the system's own way waits in threads of which there are few, and others
 * would wait behind.
 *
 * @param servers instead of the system's.
 */
export function makePublicLookup(servers?: readonly string[]): LookupFunction {
  const resolver = new Resolver(resolving)
  if (servers) resolver.setServers(servers)
  return (hostname, { all }, callback) => {
    void addressesOf(resolver, hostname).then(
      (addresses) => {
        const [first] = addresses
        const hasPrivate = addresses.some(({ address }) => !isPublicAddress(address))
        if (!first || hasPrivate) return callback(new PrivateAddress(`${hostname} is not at a public address`), [])
        return all === true ? callback(null, [...addresses]) : callback(null, first.address, first.family)
      },
      (error: NodeJS.ErrnoException) => callback(error, []),
    )
  }
}

/** Of both families; a name may have either. @throws when it has neither, as the name servers say. */
async function addressesOf(resolver: Resolver, hostname: string): Promise<readonly LookupAddress[]> {
  const asked = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)])
  const [four, six] = asked.map((one) => (one.status === 'fulfilled' ? one.value : []))
  const found = [...(four ?? []).map((address) => ({ address, family: 4 })), ...(six ?? []).map((address) => ({ address, family: 6 }))]
  const [first] = asked
  if (found.length === 0 && first?.status === 'rejected') throw first.reason
  return found
}

/** Names that never leave a network, whatever they are looked up as. */
const insideNames = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|home\.arpa)$/i

/** Whether a host may be one of the internet's, as far as its writing tells. */
export function isPublicHost(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  return isIP(bare) === 0 ? bare.includes('.') && !insideNames.test(bare) : isPublicAddress(bare)
}
