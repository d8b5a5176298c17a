import { formatInstant, type Instant, parseInstant } from '../../../shared/kernel/time.ts'

/** `2024-01-02 11:04:05`, always the wall clock in China, whatever zone this process runs in. */
export function writeTime(at: Instant): string {
  return formatInstant(at).slice(0, 19).replace('T', ' ')
}

/** Reads it back; refunds carry milliseconds. Undefined when it is no such text. */
export function readTime(text: string | undefined): Instant | undefined {
  return text === undefined ? undefined : parseInstant(`${text.trim().replace(' ', 'T')}+08:00`)
}
