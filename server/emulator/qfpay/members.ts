import { isIP } from 'node:net'
import { billTime } from '../clock.ts'
import { wrongMember } from './rows.ts'

/** ISO codes of the fact sheet §5. */
const currencies = ['AED', 'AUD', 'CAD', 'CNY', 'EUR', 'HKD', 'IDR', 'JPY', 'MMK', 'MYR', 'SGD', 'THB', 'USD']
const life = { least: 5, most: 120, usual: 30 }

/** Members as they came; each reader refuses with 1104 and the member's name. */
export const members = {
  /** Whole, at least 1, in the currency's smallest unit. */
  amount(asked: URLSearchParams): number {
    const text = asked.get('txamt') ?? ''
    if (!/^[1-9]\d{0,10}$/.test(text)) throw wrongMember('txamt')
    return Number(text)
  },

  currency(asked: URLSearchParams): string {
    const text = asked.get('txcurrcd') ?? ''
    if (!currencies.includes(text)) throw wrongMember('txcurrcd')
    return text
  },

  number(asked: URLSearchParams): string {
    const text = asked.get('out_trade_no') ?? ''
    if (!/^\S{1,128}$/.test(text)) throw wrongMember('out_trade_no')
    return text
  },

  /** `2026-01-02 15:04:05`, a time that there is. */
  time(asked: URLSearchParams, name: string): string {
    const text = asked.get(name) ?? ''
    if (instantOf(text) === undefined) throw wrongMember(name)
    return text
  },

  /** Minutes until the order ends. */
  life(asked: URLSearchParams): number {
    const text = asked.get('expired_time') ?? String(life.usual)
    const minutes = /^\d{1,3}$/.test(text) ? Number(text) : 0
    if (minutes < life.least || minutes > life.most) throw wrongMember('expired_time')
    return minutes
  },

  /** At most so long; absent is empty. */
  text(asked: URLSearchParams, name: string, maxLength: number): string {
    const text = asked.get(name) ?? ''
    if ([...text].length > maxLength) throw wrongMember(name)
    return text
  },

  address(asked: URLSearchParams, name: string, maxLength: number): string {
    const text = members.text(asked, name, maxLength)
    if (text !== '' && !/^https?:\/\/\S+$/.test(text)) throw wrongMember(name)
    return text
  },

  needed(asked: URLSearchParams, name: string, maxLength: number): string {
    const text = members.text(asked, name, maxLength)
    if (text === '') throw wrongMember(name)
    return text
  },

  /** A payment in a browser says where it stands and from which address the payer comes (fact sheet §8.3). */
  scene(asked: URLSearchParams): void {
    const said = objectIn(asked.get('extend_info') ?? '')
    const scene = objectOf(objectOf(said.scene_info).h5_info)
    const isWhole = typeof scene.type === 'string' && isIP(String(said.spbill_create_ip)) > 0
    if (!isWhole) throw wrongMember('extend_info')
  },

  /** Several values with commas between. */
  list(asked: URLSearchParams, name: string): string[] {
    return (asked.get(name) ?? '').split(',').filter((one) => one !== '')
  },

  /** A page or its size. */
  count(asked: URLSearchParams, { name, usual, most }: { name: string; usual: number; most: number }): number {
    const text = asked.get(name) ?? String(usual)
    const count = /^[1-9]\d{0,8}$/.test(text) ? Number(text) : 0
    if (count < 1 || count > most) throw wrongMember(name)
    return count
  },
}

/** A time as QFPay writes it, in China's zone; undefined when it is none. */
export function instantOf(text: string): number | undefined {
  const at = Date.parse(`${text.replace(' ', 'T')}+08:00`)
  return !Number.isNaN(at) && billTime(at) === text ? at : undefined
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    return objectOf(JSON.parse(text))
  } catch {
    return {}
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
