import { type Instant, parseInstant } from '../../../../shared/kernel/time.ts'

/** `20141030133525`, the wall clock in China; undefined when it is no such text. */
export function readStamp(text: string | undefined): Instant | undefined {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text ?? '') ?? []
  return year === undefined ? undefined : parseInstant(`${year}-${month}-${day}T${hour}:${minute}:${second}+08:00`)
}

/** `2018-11-19 16:24:13`, the wall clock in China. */
export function readClock(text: string | undefined): Instant | undefined {
  return text === undefined ? undefined : parseInstant(`${text.replace(' ', 'T')}+08:00`)
}
