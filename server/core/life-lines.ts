import { formatMoney, type Money, moneyOf } from '../../shared/kernel/money.ts'
import { formatInstant } from '../../shared/kernel/time.ts'
import type { Log } from '../lib/log.ts'
import type { Attempt } from './rules/attempt.ts'
import type { Change, Decision } from './rules/decision.ts'
import type { Refund } from './rules/refund.ts'

type ChangeOf<Kind extends Change['kind']> = Extract<Change, { kind: Kind }>
type Fields = Readonly<Record<string, unknown>>

/** Writes one line for each step of a payment or a refund that is committed here: what it was, of whom, how much, and its new state. */
export function makeLifeLines(log: Pick<Log, 'info' | 'warn'>): (decision: Pick<Decision, 'changes'>) => void {
  return ({ changes }) => {
    for (const change of changes) {
      const line = lineOf(change)
      if (line === undefined) continue
      if (line.status === 'failed' || line.status === 'abnormal') log.warn(line)
      else log.info(line)
    }
  }
}

function lineOf(change: Change): ({ readonly event: string; readonly status: string } & Fields) | undefined {
  switch (change.kind) {
    case 'moveOrder':
      return { event: `order.${change.to}`, status: change.to, ...orderFields(change) }
    case 'moveAttempt':
      return {
        event: `payment.${change.to === 'open' ? 'opened' : change.to}`,
        status: change.to,
        ...attemptFields(change.about),
        transactionId: change.set.transactionId,
        kept: change.set.kept,
        error: change.set.failure,
      }
    case 'insertRefund':
      return { event: 'refund.requested', status: change.refund.status, ...refundFields(change.refund) }
    case 'moveRefund':
      return { event: `refund.${change.to}`, status: change.to, ...refundFields(change.about), error: change.set.failure }
    case 'resolveUnmatched':
      return { event: `unmatched.${change.resolution.status}`, status: change.resolution.status, ...unmatchedFields(change) }
    case 'writeTry':
      return { event: 'webhook.tried', status: change.to, ...tryFields(change) }
    default:
      return undefined
  }
}

function orderFields({ about, set }: ChangeOf<'moveOrder'>): Fields {
  const { merchantId, orderId, userId, payerId, amount } = about
  const kept = set.paid === undefined ? amount : moneyOf(set.paid, amount.currency)
  return { merchantId, orderId, userId, payerId, paymentId: set.keptPaymentId, channel: set.channel, ...shown(kept) }
}

function attemptFields({ merchantId, orderId, paymentId, outTradeNo, payerId, channel, account, ask }: Attempt): Fields {
  return { merchantId, orderId, paymentId, outTradeNo, payerId, channel, account, payType: ask.payType, ...shown(ask.amount) }
}

function refundFields({ merchantId, orderId, paymentId, refundId, outRefundNo, channel, account, cause, amount }: Refund): Fields {
  return { merchantId, orderId, paymentId, refundId, outRefundNo, channel, account, cause, ...shown(amount) }
}

function unmatchedFields({ unmatched, resolution }: ChangeOf<'resolveUnmatched'>): Fields {
  const { merchantId, unmatchedId, channel, account, outTradeNo, transactionId, amountMinor, currency } = unmatched
  const { orderId, refundId, by } = resolution
  return { merchantId, unmatchedId, orderId, refundId, channel, account, outTradeNo, transactionId, amountMinor, currency, keyId: by }
}

function tryFields({ delivery, tries, nextAt, made }: ChangeOf<'writeTry'>): Fields {
  const { merchantId, deliveryId, eventId, endpointId } = delivery
  const { outcome, statusCode, ms, detail } = made
  const nextTryAt = nextAt && formatInstant(nextAt)
  return { merchantId, deliveryId, eventId, endpointId, try: tries, outcome, statusCode, ms, nextTryAt, error: detail }
}

function shown(money: Money): Fields {
  return { amount: formatMoney(money), currency: money.currency }
}
