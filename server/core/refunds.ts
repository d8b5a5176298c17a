import { asRefundId, type MerchantId, type OrderId, outRefundNoOf, type RefundId } from '../../shared/kernel/ids.ts'
import { asMinor, equalMoney, formatMoney, type Money, zero } from '../../shared/kernel/money.ts'
import { type Instant, later } from '../../shared/kernel/time.ts'
import type { ChannelAccount } from '../channels/channel.ts'
import { newId } from '../lib/ids.ts'
import { findAttempt } from '../store/attempts.ts'
import { findOrder } from '../store/orders.ts'
import { findRefund, lastRefundAt, listRefunds, type RefundFilter } from '../store/refunds.ts'
import { AppError, assert } from './error.ts'
import { orderNotFound } from './load.ts'
import type { Numbers } from './numbers.ts'
import type { OnceRecord } from './once.ts'
import type { PageAsk } from './orders.ts'
import { paged } from './page.ts'
import type { Parts } from './parts.ts'
import type { Attempt } from './rules/attempt.ts'
import { decideRefundRequest } from './rules/decide-order.ts'
import { decision } from './rules/decision.ts'
import { type Order, refundable } from './rules/order.ts'
import type { Refund } from './rules/refund.ts'
import { nextTry } from './rules/task.ts'
import type { SendRefund } from './send-refund.ts'

/** Without an amount, all that is left. */
export type RefundRequest = {
  readonly amount?: Money | undefined
  readonly reason?: string | undefined
  readonly refundId?: RefundId | undefined
  /** What the caller calls the amount, for the answer that says it is too much. */
  readonly amountMember?: 'amount' | 'refundAmount'
}
type NamedRequest = RefundRequest & { readonly refundId: RefundId; readonly createdAt: Instant }

const maxRounds = 10

export type Refunds = ReturnType<typeof makeRefunds>

/** Refunds reserve before they send: one conditional update of the order decides whether there is room. */
export function makeRefunds({
  db,
  runtime,
  policy,
  accounts,
  commit,
  sendRefund,
  numbers,
}: Pick<Parts, 'db' | 'runtime' | 'policy' | 'accounts' | 'commit'> & { sendRefund: SendRefund; numbers: Numbers }) {
  return { request, get, list }

  /**
   * Gives money of a paid order back. The same `refundId` with the same amount is the same refund, however often it is asked for.
   *
   * @throws AppError NOT_FOUND; INVALID_REQUEST when nothing was paid, more is asked than is left, the payment is older than the
   * channel takes, or it has had as many refunds as the channel takes; CONFLICT when the number stands for another refund.
   */
  async function request(merchantId: MerchantId, orderId: OrderId, ask: RefundRequest, once?: OnceRecord): Promise<Refund> {
    const refundId = ask.refundId ?? (await ownNumber(merchantId, once))
    for (let round = 0; round < maxRounds; round++) {
      const known = await findRefund(db, merchantId, refundId)
      if (known) return sameRefund(known, orderId, ask)
      const order = await findOrder(db, merchantId, orderId)
      if (!order) throw orderNotFound(orderId)
      // A run that is repeated sends what the first one sent, and some channels are told the time.
      const refund = await newRefund(order, { ...ask, refundId, createdAt: once?.createdAt ?? runtime.now() })
      const account = accountOf(refund)
      const sendAt = await whenToSend(refund, account)
      const isSentNow = sendAt <= runtime.now()
      if (await commit(decideRefundRequest(refund, account.limits.refundsPerOrder, sendAt, isSentNow)))
        return isSentNow ? sendNow(refund) : refund
    }
    throw new AppError('CONFLICT', `order ${orderId} is being refunded by others at this moment; try again`, { retryAfterSeconds: 1 })
  }

  /** The same for a run that is repeated after a crash. */
  async function ownNumber(merchantId: MerchantId, once: OnceRecord | undefined): Promise<RefundId> {
    const inSeries = await numbers.draw(merchantId, 'refund', once?.recordId)
    if (inSeries !== undefined) return asRefundId(inSeries)
    return asRefundId(once === undefined ? newId(runtime, 'ref') : `ref_${once.recordId.slice(once.recordId.indexOf('_') + 1)}`)
  }

  /** Sent at once rather than by the task a moment later, so that the answer can say more; the task stands by for a crash. */
  async function sendNow(refund: Refund): Promise<Refund> {
    const { merchantId, refundId } = refund
    if ((await sendRefund(refund)) === 'again')
      await commit(
        decision({ tasks: [{ kind: 'refund.send', merchantId, subject: refundId, runAt: nextTry('refund.send', 0, runtime.now()) }] }),
      )
    return (await findRefund(db, refund.merchantId, refund.refundId)) ?? refund
  }

  async function newRefund(order: Order, { refundId, createdAt, amount, reason, amountMember = 'amount' }: NamedRequest): Promise<Refund> {
    if (order.keptPaymentId === undefined || order.paidAt === undefined)
      throw new AppError('INVALID_REQUEST', `order ${order.orderId} is not paid; there is nothing to refund`)
    const attempt = await findAttempt(db, order.merchantId, order.keptPaymentId)
    assert(attempt, `order ${order.orderId} has the attempt it keeps`)
    const left = { minor: refundable(order), currency: order.amount.currency }
    const wanted = amount ?? left
    assert(wanted.currency === left.currency, 'a refund is in the currency of its order')
    if (wanted.minor > left.minor || wanted.minor === zero) throw tooMuch(left, amountMember)
    const { merchantId, orderId, paymentId, outTradeNo, transactionId, channel, account } = attempt
    const total = { minor: asMinor(order.paid), currency: order.amount.currency }
    const rest = {
      amount: wanted,
      total,
      reason,
      notifyUrl: policy.notifyUrl(channel, account),
      cause: 'requested',
      status: 'pending',
      createdAt,
    } as const
    const refund: Refund = {
      merchantId,
      refundId,
      outRefundNo: outRefundNoOf(refundId),
      orderId,
      paymentId,
      outTradeNo,
      transactionId,
      channel,
      account,
      ...rest,
    }
    assertWithinLimits(order, attempt, accountOf(refund))
    return refund
  }

  function assertWithinLimits(order: Order, attempt: Attempt, { limits, label }: ChannelAccount): void {
    const { refundsPerOrder, refundWithinMs } = limits
    if (order.refundCount >= refundsPerOrder)
      throw new AppError('INVALID_REQUEST', `${label.en} takes at most ${refundsPerOrder} refunds of one payment; this order has had them`)
    const paidAt = attempt.succeededAt ?? attempt.createdAt
    if (later(paidAt, refundWithinMs) < runtime.now())
      throw new AppError(
        'INVALID_REQUEST',
        `${label.en} refunds within ${Math.floor(refundWithinMs / 86_400_000)} days of payment; this order is older`,
      )
  }

  /** Two refunds of one payment keep the channel's interval. */
  async function whenToSend(refund: Refund, { limits }: ChannelAccount) {
    const now = runtime.now()
    const last = await lastRefundAt(db, refund.merchantId, refund.paymentId)
    const earliest = last === undefined ? now : later(last, limits.refundIntervalMs)
    // The later of the two, as the instant that it is.
    return [now, earliest].sort((one, other) => other - one)[0] ?? now
  }

  function accountOf(refund: Refund): ChannelAccount {
    const account = accounts.find(refund.channel, refund.account)
    if (!account)
      throw new AppError(
        'INVALID_REQUEST',
        `the account ${refund.account} through which order ${refund.orderId} was paid is not set up on this server any more`,
      )
    return account
  }

  /** @throws AppError NOT_FOUND */
  async function get(merchantId: MerchantId, refundId: RefundId): Promise<Refund> {
    const refund = await findRefund(db, merchantId, refundId)
    if (!refund) throw new AppError('NOT_FOUND', `refund ${refundId} does not exist`)
    return refund
  }

  /** Newest first. */
  async function list(
    merchantId: MerchantId,
    filter: RefundFilter,
    page: PageAsk,
  ): Promise<{ items: Refund[]; nextCursor?: string | undefined }> {
    return paged(listRefunds(db, merchantId, filter, page))
  }
}

function sameRefund(known: Refund, orderId: OrderId, { amount, reason }: RefundRequest): Refund {
  const isSame =
    known.orderId === orderId &&
    (amount === undefined || equalMoney(known.amount, amount)) &&
    (reason === undefined || known.reason === reason)
  if (isSame) return known
  throw new AppError('CONFLICT', `refund ${known.refundId} exists with another order, amount or reason`, {
    details: { refundId: known.refundId },
  })
}

function tooMuch(left: Money, member: string): AppError {
  const text = formatMoney(left)
  return new AppError('INVALID_REQUEST', `${text} ${left.currency} can still be refunded, no more`, {
    details: {
      refundable: text,
      refundableMinor: left.minor,
      fields: [{ path: member, problem: `is above the ${text} that can still be refunded` }],
    },
  })
}
