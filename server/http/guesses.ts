import type { Instant } from '../../shared/kernel/time.ts'
import { AppError } from '../core/error.ts'

const windowMs = 60_000
const maxFailures = 10
/** Addresses remembered; the oldest is forgotten first. */
const maxAddresses = 10_000

export type Guesses = ReturnType<typeof makeGuesses>

/** Counts wrong keys, or wrong login codes, by address: after ten in a minute the address waits. It hits nobody else. */
export function makeGuesses(now: () => Instant) {
  const failures = new Map<string, { since: Instant; count: number }>()
  return { assertMayTry, failed }

  /** @throws AppError RATE_LIMITED while the address has to wait. */
  function assertMayTry(address: string): void {
    const seconds = waitSeconds(address)
    if (seconds > 0)
      throw new AppError('RATE_LIMITED', `too many wrong tries from this address; wait ${seconds} s`, { retryAfterSeconds: seconds })
  }

  /** How long the address has to wait; 0 when it may try. */
  function waitSeconds(address: string): number {
    const known = failures.get(address)
    if (!known || isOver(known.since) || known.count < maxFailures) return 0
    return Math.ceil((known.since + windowMs - now()) / 1000)
  }

  /** Over, or begun by a clock that was ahead. */
  function isOver(since: Instant): boolean {
    return since + windowMs <= now() || since > now()
  }

  function failed(address: string): void {
    const known = failures.get(address)
    if (known && !isOver(known.since)) {
      known.count++
      return
    }
    failures.delete(address)
    failures.set(address, { since: now(), count: 1 })
    const [oldest] = failures.keys()
    if (failures.size > maxAddresses && oldest !== undefined) failures.delete(oldest)
  }
}
