import type { Budget, Budgets } from '../core/budgets.ts'
import { AppError } from '../core/error.ts'
import type { Metrics } from '../lib/metrics.ts'
import { networkOf } from './client-ip.ts'
import type { LimitSetting } from './limits.ts'

export type Guesses = ReturnType<typeof makeGuesses>

/** Each kind of guess has a budget of its own: who mistypes a link may log in all the same. */
export function guessBudget(name: string, setting: LimitSetting): Budget | undefined {
  return setting && { name, ...setting, sharing: 'counted' }
}

/**
 * Counts wrong keys, wrong login codes or wrong links by address, over all instances: after so many in a minute the address waits. It
 * hits nobody else. An instance learns by its own first wrong try what was tried at the others.
 */
export function makeGuesses({
  budget,
  budgets,
  metrics,
}: {
  budget: Budget | undefined
  budgets: Budgets
  metrics: Pick<Metrics, 'rateLimited'>
}) {
  if (budget) metrics.rateLimited.count({ limit: budget.name }, 0)
  return { assertMayTry, failed }

  /** @throws AppError RATE_LIMITED while the address has to wait. */
  function assertMayTry(address: string): void {
    if (budget) refuseFor(budgets.waitMs(budget, networkOf(address)), budget)
  }

  /** A wrong try. @throws AppError RATE_LIMITED when it was one too many. */
  async function failed(address: string): Promise<void> {
    if (budget) refuseFor(await budgets.spend(budget, networkOf(address)), budget)
  }

  function refuseFor(waitMs: number, { name }: Budget): void {
    if (waitMs <= 0) return
    metrics.rateLimited.count({ limit: name })
    const seconds = Math.ceil(waitMs / 1000)
    throw new AppError('RATE_LIMITED', `too many wrong tries from this address; wait ${seconds} s`, { retryAfterSeconds: seconds })
  }
}
