import { type Instant, later } from '../../shared/kernel/time.ts'
import type { Log } from '../lib/log.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { Database } from '../store/database.ts'
import { leaseBudget } from '../store/limits.ts'

/** So much may be used of something in a window that begins with the first use. */
export type Budget = {
  readonly name: string
  readonly max: number
  readonly windowMs: number
  /**
   * `counted`: every use is counted in the store. `leased`: each instance may use an eighth of the budget without asking, and then
   * leases eighths of the common one, so that whoever stays far below the limit costs no query. With n instances at most
   * (1 + n/8) times the budget is used in one window.
   */
  readonly sharing: 'counted' | 'leased'
}

/** What one instance knows of one subject's window. */
type Window = { endsAt: Instant; left: number; hasMore: boolean; leasing: Promise<void> | undefined }

const share = 8
/** Subjects remembered; the one that began first is forgotten first, and is then told by the store again. */
const maxWindows = 20_000
/** A failing store is told of once in so long. */
const tellEveryMs = 60_000

export type Budgets = ReturnType<typeof makeBudgets>

/** Budgets that hold over all instances. When the store cannot be asked, nobody is refused: what follows will fail by itself. */
export function makeBudgets({ db, runtime, log }: { readonly db: Database; readonly runtime: Runtime; readonly log: Log }) {
  const windows = new Map<string, Window>()
  let toldAt = Number.NEGATIVE_INFINITY
  return { spend, waitMs }

  /**
   * Uses a part of a budget.
   *
   * @returns 0, or how many milliseconds to wait when nothing is left.
   */
  function spend(budget: Budget, subject: string, cost = 1): number | Promise<number> {
    const window = windowOf(budget, subject)
    if (window.left < cost && window.hasMore) return leaseAndSpend(budget, subject, cost)
    return spendHere(window, cost)
  }

  /** How long until the subject may use its budget again, as far as this instance knows; 0 when it may. */
  function waitMs(budget: Budget, subject: string): number {
    const window = windowOf(budget, subject)
    return window.left < 1 && !window.hasMore ? window.endsAt - runtime.now() : 0
  }

  function spendHere(window: Window, cost: number): number {
    if (window.left < cost) return Math.max(1, window.endsAt - runtime.now())
    window.left -= cost
    return 0
  }

  async function leaseAndSpend(budget: Budget, subject: string, cost: number): Promise<number> {
    for (;;) {
      const window = windowOf(budget, subject)
      if (window.left >= cost || !window.hasMore) return spendHere(window, cost)
      // Those who find it used up at the same moment wait for one lease.
      window.leasing ??= lease(budget, subject, window, cost).finally(() => {
        window.leasing = undefined
      })
      await window.leasing
    }
  }

  async function lease(budget: Budget, subject: string, window: Window, cost: number): Promise<void> {
    const { name, max, windowMs } = budget
    const want = Math.min(max, Math.max(cost, budget.sharing === 'counted' ? cost : Math.ceil(max / share)))
    const { granted, hasMore, endsAt } = await leaseBudget(db, {
      bucket: `${name} ${subject}`,
      now: runtime.now(),
      windowMs,
      max,
      want,
    }).catch((error: unknown) => {
      tell(name, error)
      return { granted: want, hasMore: true, endsAt: window.endsAt }
    })
    window.left += granted
    window.endsAt = endsAt
    window.hasMore = hasMore
  }

  function windowOf({ name, max, windowMs, sharing }: Budget, subject: string): Window {
    const key = `${name} ${subject}`
    const now = runtime.now()
    const known = windows.get(key)
    if (known && known.endsAt > now && known.endsAt <= later(now, 2 * windowMs)) return known
    const left = sharing === 'leased' ? Math.ceil(max / share) : 0
    const fresh: Window = { endsAt: later(now, windowMs), left, hasMore: true, leasing: undefined }
    windows.delete(key)
    windows.set(key, fresh)
    const [oldest] = windows.keys()
    if (windows.size > maxWindows && oldest !== undefined) windows.delete(oldest)
    return fresh
  }

  function tell(limit: string, error: unknown): void {
    const now = runtime.now()
    if (Math.abs(now - toldAt) < tellEveryMs) return
    toldAt = now
    log.warn({ event: 'limits.unshared', limit, error })
  }
}
