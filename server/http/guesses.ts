import type { Instant } from '../../shared/kernel/time.ts'

const windowMs = 60_000
const maxFailures = 10
/** Addresses remembered; the oldest is forgotten first. */
const maxAddresses = 10_000

export type Guesses = ReturnType<typeof makeGuesses>

/** Counts wrong keys and sessions by address: after ten in a minute the address waits. It hits nobody else. */
export function makeGuesses(now: () => Instant) {
  const failures = new Map<string, { since: number; count: number }>()
  return { waitSeconds, failed }

  /** How long the address has to wait; 0 when it may try. */
  function waitSeconds(address: string): number {
    const known = failures.get(address)
    if (!known || known.since + windowMs <= now() || known.count < maxFailures) return 0
    return Math.ceil((known.since + windowMs - now()) / 1000)
  }

  function failed(address: string): void {
    const known = failures.get(address)
    if (known && known.since + windowMs > now()) {
      known.count++
      return
    }
    failures.delete(address)
    failures.set(address, { since: now(), count: 1 })
    const [oldest] = failures.keys()
    if (failures.size > maxAddresses && oldest !== undefined) failures.delete(oldest)
  }
}
