import type { Brand } from './brand.ts'

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = Brand<number, 'Instant'>

const chinaOffsetMs = 8 * 60 * 60 * 1000
const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/

/** Brands milliseconds since the epoch. @throws RangeError when they are no instant. */
export function asInstant(ms: number): Instant {
  if (!Number.isSafeInteger(ms)) throw new RangeError(`${ms} is not an instant in whole milliseconds`)
  return ms as Instant
}

/** The instant so many milliseconds later (earlier when negative). */
export function later(from: Instant, ms: number): Instant {
  return asInstant(from + ms)
}

/** RFC 3339 with the offset `+08:00`, to the second: `2026-01-02T03:04:05+08:00`. */
export function formatInstant(at: Instant): string {
  return `${chinaClock(at).slice(0, 19)}+08:00`
}

/** The day in China, `2026-01-02`. */
export function chinaDay(at: Instant): string {
  return chinaClock(at).slice(0, 10)
}

/** The wall clock in China without separators, `20260102030405`: what stands in an order number. */
export function chinaStamp(at: Instant): string {
  return chinaClock(at).slice(0, 19).replace(/[-T:]/g, '')
}

/** Reads RFC 3339 with an offset; undefined when it is no such text. */
export function parseInstant(text: string): Instant | undefined {
  if (!rfc3339.test(text)) return undefined
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? undefined : asInstant(ms)
}

function chinaClock(at: Instant): string {
  return new Date(at + chinaOffsetMs).toISOString()
}
