import type { EmulatorRuntime } from './runtime.ts'

export type Clock = ReturnType<typeof makeClock>
type Timer = { readonly at: number; readonly seq: number; readonly run: () => Promise<void> | void }

/** The emulator's own time: the real one plus what it was moved by. Moving it runs everything that becomes due, in its order. */
export function makeClock(runtime: EmulatorRuntime, offsetMs = 0) {
  let offset = offsetMs
  let timers: Timer[] = []
  let seq = 0
  let disarm = () => {}
  const underWay = new Set<Promise<unknown>>()
  return { now, offset: () => offset, after, advance, stop }

  function now(): number {
    return runtime.now() + offset
  }

  function after(ms: number, run: () => Promise<void> | void): void {
    timers = [...timers, { at: now() + ms, seq: seq++, run }].sort((one, other) => one.at - other.at || one.seq - other.seq)
    arm()
  }

  function arm(): void {
    disarm()
    const [first] = timers
    if (first) disarm = runtime.setTimer(Math.max(0, first.at - now()), () => void fireDue())
  }

  /** Runs what is due, instant by instant; what is due at one instant runs side by side, since a merchant may be slow to answer. */
  async function fireDue(): Promise<void> {
    for (let due = takeEarliest(); due.length > 0; due = takeEarliest()) {
      const work = Promise.all(due.map(async (timer) => timer.run()))
      underWay.add(work)
      await work.finally(() => underWay.delete(work))
    }
    arm()
  }

  function takeEarliest(): Timer[] {
    const at = timers[0]?.at ?? Number.POSITIVE_INFINITY
    const due = at > now() ? [] : timers.filter((timer) => timer.at === at)
    timers = timers.filter((timer) => !due.includes(timer))
    return due
  }

  /** Moves the clock, and comes back when everything that became due, and what followed from it, is over. */
  async function advance(ms: number): Promise<void> {
    offset += ms
    do {
      await Promise.all(underWay)
      await fireDue()
    } while (underWay.size > 0)
  }

  function stop(): void {
    disarm()
    timers = []
  }
}

const durationPattern = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/

/** ISO 8601 duration (`PT2H`) or a number of milliseconds; undefined when it is neither. */
export function readDuration(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined
  const match = typeof value === 'string' && value.length > 2 ? durationPattern.exec(value) : null
  if (!match) return undefined
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0))
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000
}

const chinaOffsetMs = 8 * 60 * 60 * 1000

/** `2026-01-02T03:04:05+08:00` */
export function rfc3339(ms: number): string {
  return `${new Date(ms + chinaOffsetMs).toISOString().slice(0, 19)}+08:00`
}

/** `2026-01-02 03:04:05`, as bills write it. */
export function billTime(ms: number): string {
  return new Date(ms + chinaOffsetMs).toISOString().slice(0, 19).replace('T', ' ')
}

/** `2026-01-02` in China. */
export function chinaDay(ms: number): string {
  return new Date(ms + chinaOffsetMs).toISOString().slice(0, 10)
}
