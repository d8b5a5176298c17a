import type { TrustedProxies } from '../lib/trusted-proxies.ts'

type Range = Extract<TrustedProxies, { kind: 'ranges' }>['ranges'][number]

const maxHops = 10

/** Reads a hop count or a list of addresses and CIDR ranges; nothing set trusts nobody. Undefined when it cannot be read. */
export function parseProxies(text: string | undefined, isIp: (address: string) => number): TrustedProxies | undefined {
  if (text === undefined) return { kind: 'hops', hops: 0 }
  if (/^\d{1,2}$/.test(text)) return Number(text) <= maxHops ? { kind: 'hops', hops: Number(text) } : undefined
  const ranges = text.split(',').map((part) => readRange(part.trim(), isIp))
  return ranges.every((range) => range !== undefined)
    ? { kind: 'ranges', ranges: ranges.filter((range) => range !== undefined) }
    : undefined
}

function readRange(text: string, isIp: (address: string) => number): Range | undefined {
  const [address = '', prefixText] = text.split('/')
  const version = isIp(address)
  if (version === 0) return undefined
  const whole = version === 4 ? 32 : 128
  const prefix = prefixText === undefined ? whole : /^\d{1,3}$/.test(prefixText) ? Number(prefixText) : Number.NaN
  return prefix >= 0 && prefix <= whole ? { address, prefix } : undefined
}
