import type { AppId, OutTradeNo } from '../../../shared/kernel/ids.ts'
import { type Currency, moneyOf } from '../../../shared/kernel/money.ts'
import { type Instant, later } from '../../../shared/kernel/time.ts'
import type { PrepareAsk } from './attempt.ts'

/** The shortest that every channel takes. */
const trialLifeMs = 6 * 60 * 1000

/** An order of the smallest amount that nobody is shown, to see whether a channel would take one; it is closed at once. */
export function trialAsk({
  outTradeNo,
  appId,
  currency,
  notifyUrl,
  now,
}: {
  readonly outTradeNo: OutTradeNo
  readonly appId: AppId
  readonly currency: Currency
  readonly notifyUrl: string
  readonly now: Instant
}): PrepareAsk {
  const amount = moneyOf(1, currency)
  return {
    outTradeNo,
    payType: 'NATIVE',
    appId,
    amount,
    description: 'doctor',
    notifyUrl,
    startedAt: now,
    expiresAt: later(now, trialLifeMs),
  }
}
