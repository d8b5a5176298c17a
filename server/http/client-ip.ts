import { BlockList, isIP } from 'node:net'
import type { TrustedProxies } from '../lib/trusted-proxies.ts'

const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i
/** Some proxies write the port, too: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
const withPort = /^(?:\[([0-9a-fA-F:.]+)\]|(\d{1,3}(?:\.\d{1,3}){3}))(?::\d{1,5})?$/

/**
 * The address a request came from: the socket's, unless it is a proxy that is believed; then the last address of `X-Forwarded-For`
 * that no believed proxy wrote. What a client writes there itself is never believed, so what stands before an entry that is no address
 * is not looked at either.
 */
export function makeClientIp(trusted: TrustedProxies) {
  const ranges = new BlockList()
  if (trusted.kind === 'ranges') for (const { address, prefix } of trusted.ranges) ranges.addSubnet(address, prefix, familyOf(address))
  return function clientIp(socketAddress: string | undefined, forwardedFor: string | undefined): string {
    const socket = plain(socketAddress ?? '')
    const hops = (forwardedFor ?? '').split(',').map((part) => plain(part.trim()))
    const readable = hops.slice(hops.findLastIndex((hop) => isIP(hop) === 0) + 1)
    const way = [...readable, socket]
    if (trusted.kind === 'hops') return way[Math.max(0, way.length - 1 - trusted.hops)] ?? socket
    const stranger = way.findLast((address) => isIP(address) === 0 || !ranges.check(address, familyOf(address)))
    return stranger ?? way[0] ?? socket
  }
}

/** Whose limits an address counts for: itself, or the network of an IPv6 address, since one customer has all of a /64. */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address
  const [head = '', tail = ''] = address.toLowerCase().split('::')
  const [left, right] = [head.split(':'), tail.split(':')].map((part) => part.filter((group) => group !== ''))
  const zeros = address.includes('::') ? Math.max(0, 8 - (left?.length ?? 0) - (right?.length ?? 0)) : 0
  const groups = [...(left ?? []), ...Array.from({ length: zeros }, () => '0'), ...(right ?? [])]
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}

function plain(text: string): string {
  const [, bracketed, dotted] = withPort.exec(text) ?? []
  const address = bracketed ?? dotted ?? text
  return mapped.exec(address)?.[1] ?? address
}
