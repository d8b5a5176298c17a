import type { Settings } from '../lib/settings.ts'

/** So many in so long; undefined: no limit. */
export type Limit = { readonly max: number; readonly windowMs: number } | undefined

/** Far above what a shop needs, and below what a program gone wild does. */
const defaults = {
  RATE_LIMIT_KEY: '30000/60',
  RATE_LIMIT_PAYER: '300/60',
  RATE_LIMIT_ADDRESS: '600/60',
  RATE_LIMIT_GUESSES: '10/60',
} as const

export const limitNames = ['RATE_LIMIT_KEY', 'RATE_LIMIT_PAYER', 'RATE_LIMIT_ADDRESS', 'RATE_LIMIT_GUESSES'] as const
type LimitName = (typeof limitNames)[number]

/** How much may be asked for: `RATE_LIMIT_…=<count>/<seconds>`, 0 for no limit. */
export function limits(settings: Settings) {
  return {
    key: limit(settings, 'RATE_LIMIT_KEY'),
    payer: limit(settings, 'RATE_LIMIT_PAYER'),
    address: limit(settings, 'RATE_LIMIT_ADDRESS'),
    guesses: limit(settings, 'RATE_LIMIT_GUESSES'),
  }
}

function limit(settings: Settings, name: LimitName): Limit {
  const text = settings.text(name)?.trim() ?? defaults[name]
  if (text === '0') return undefined
  const [, count, seconds] = /^([1-9]\d{0,6})\/([1-9]\d{0,3})$/.exec(text) ?? []
  if (count === undefined || seconds === undefined) {
    settings.refuse(name, 'is neither a count and seconds nor 0 for no limit', defaults[name])
    return undefined
  }
  return { max: Number(count), windowMs: Number(seconds) * 1000 }
}
