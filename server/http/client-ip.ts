import { BlockList, isIP } from 'node:net'
import type { TrustedProxies } from '../lib/trusted-proxies.ts'

const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i

/**
 * The address a request came from: the socket's, unless it is a proxy that is believed; then the last address of `X-Forwarded-For`
 * that no believed proxy wrote. What a client writes there itself is never believed.
 */
export function makeClientIp(trusted: TrustedProxies) {
  const ranges = new BlockList()
  if (trusted.kind === 'ranges')
    for (const { address, prefix } of trusted.ranges) ranges.addSubnet(address, prefix, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  return function clientIp(socketAddress: string | undefined, forwardedFor: string | undefined): string {
    const socket = plain(socketAddress ?? '')
    const hops = (forwardedFor ?? '')
      .split(',')
      .map((part) => plain(part.trim()))
      .filter((part) => isIP(part) !== 0)
    const way = [...hops, socket]
    if (trusted.kind === 'hops') return way[Math.max(0, way.length - 1 - trusted.hops)] ?? socket
    const stranger = way.findLast((address) => !ranges.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4'))
    return stranger ?? way[0] ?? socket
  }
}

function plain(address: string): string {
  return mapped.exec(address)?.[1] ?? address
}
