import { type Instant, parseInstant } from '../../../shared/kernel/time.ts'

/** `2024-01-02 11:04:05`, the wall clock so many minutes east of Greenwich. */
export function writeTime(at: Instant, zoneMinutes: number): string {
  return new Date(at + zoneMinutes * 60_000).toISOString().slice(0, 19).replace('T', ' ')
}

/** Reads it back; undefined when it is no such text. */
export function readTime(text: string | undefined, zoneMinutes: number): Instant | undefined {
  return text === undefined ? undefined : parseInstant(`${text.replace(' ', 'T')}${zoneOf(zoneMinutes)}`)
}

function zoneOf(minutes: number): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`
}

/** `+0800` as minutes; undefined when it is no zone. */
export function readZone(text: string): number | undefined {
  const [, sign, hours, minutes] = /^([+-])(0\d|1[0-4])([0-5]\d)$/.exec(text) ?? []
  return hours === undefined ? undefined : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}
