import type { Budget, Budgets } from '../core/budgets.ts'
import { AppError } from '../core/error.ts'
import type { Metrics } from '../lib/metrics.ts'
import { networkOf } from './client-ip.ts'
import type { Audience, Principal } from './route.ts'

/** So many writes in a window; undefined: no limit. */
export type LimitSetting = { readonly max: number; readonly windowMs: number } | undefined
export type LimitSettings = {
  readonly key: LimitSetting
  readonly payer: LimitSetting
  readonly address: LimitSetting
  readonly guesses: LimitSetting
}

/** Reading is cheap, and people reload: so many reads count as one write. */
const readsPerWrite = 10

export type Limits = ReturnType<typeof makeLimits>

/** How much a key, a payer, or at public routes an address may ask for. Channels' notifications are never limited. */
export function makeLimits({
  settings,
  budgets,
  metrics,
}: {
  settings: LimitSettings
  budgets: Budgets
  metrics: Pick<Metrics, 'rateLimited'>
}) {
  const byAudience: Record<Audience, Budget | undefined> = {
    merchant: inReads('key', settings.key),
    payer: inReads('payer', settings.payer),
    // Whoever holds a link is nobody we know.
    link: inReads('link', settings.address),
    public: inReads('address', settings.address),
  }
  for (const budget of Object.values(byAudience)) if (budget) metrics.rateLimited.count({ limit: budget.name }, 0)

  /** @throws AppError RATE_LIMITED with the seconds to wait. Waits for nothing while the caller stays far below the limit. */
  return async function admit(method: string, audience: Audience, who: Principal[Audience], clientIp: string): Promise<void> {
    const budget = byAudience[audience]
    if (!budget) return
    const cost = method === 'GET' || method === 'HEAD' ? 1 : readsPerWrite
    const spent = budgets.spend(budget, subjectOf(who, clientIp), cost)
    const waitMs = typeof spent === 'number' ? spent : await spent
    if (waitMs <= 0) return
    metrics.rateLimited.count({ limit: budget.name })
    const seconds = Math.ceil(waitMs / 1000)
    throw new AppError('RATE_LIMITED', `too many requests; wait ${seconds} s`, { retryAfterSeconds: seconds })
  }
}

function inReads(name: string, setting: LimitSetting): Budget | undefined {
  return setting && { name, max: setting.max * readsPerWrite, windowMs: setting.windowMs, sharing: 'leased' }
}

function subjectOf(who: Principal[Audience], clientIp: string): string {
  if (who === undefined || 'device' in who) return networkOf(clientIp)
  return 'payerId' in who ? who.payerId : who.keyId
}
