import type { AccountId, MerchantId, OrderId, OutTradeNo, RefundId } from '../../shared/kernel/ids.ts'
import type { Money } from '../../shared/kernel/money.ts'
import type { ChannelName, PayAction } from '../../shared/kernel/pay.ts'
import type { TradeState } from '../../shared/kernel/trade-states.ts'
import { type AttemptFilter, findAttempt, findAttemptByNumber, listAttemptsByAge } from '../store/attempts.ts'
import { findOrders } from '../store/orders.ts'
import type { Cancels } from './cancel.ts'
import type { Checks } from './check.ts'
import { AppError, assert, channelRefusal } from './error.ts'
import { loadToPay } from './load.ts'
import type { OnceRecord } from './once.ts'
import type { Orders, PageAsk } from './orders.ts'
import { paged } from './page.ts'
import type { Parts } from './parts.ts'
import type { Refunds } from './refunds.ts'
import type { Attempt } from './rules/attempt.ts'
import type { Order, OrderContent } from './rules/order.ts'
import type { Refund } from './rules/refund.ts'
import type { TradeReport } from './rules/report.ts'
import { recordedState, tradeStateOf } from './rules/trade-state.ts'
import type { PayAsk, Payments } from './start-payment.ts'

export type NewPayment = {
  /** The order's number, and so its first attempt's; drawn when absent. */
  readonly orderId?: OrderId | undefined
  readonly content: OrderContent
  readonly means: PayAsk & { readonly channel: ChannelName }
}
export type Payment = { readonly order: Order; readonly attempt: Attempt }
/** Which payment a caller means: the number, and the account when it is not the channel's usual one. */
export type PaymentName = { readonly channel: ChannelName; readonly outTradeNo: OutTradeNo; readonly account?: AccountId | undefined }
export type Trade = Payment & { readonly report?: TradeReport | undefined; readonly tradeState: TradeState }

export type OneStepPayments = ReturnType<typeof makeOneStepPayments>

/** Payments in one step, as a merchant who knows no orders sees them: each is an order with its first attempt. */
export function makeOneStepPayments({
  db,
  accounts,
  orders,
  payments,
  checks,
  cancels,
  refunds,
}: Pick<Parts, 'db' | 'accounts'> & {
  readonly orders: Orders
  readonly payments: Payments
  readonly checks: Checks
  readonly cancels: Cancels
  readonly refunds: Refunds
}) {
  return { create, query, find, list, refund, close }

  /**
   * Makes the order and starts its payment. The same number with the same content is the same payment.
   *
   * @throws AppError as making an order and paying it do.
   */
  async function create(
    merchantId: MerchantId,
    { orderId, content, means }: NewPayment,
    once: OnceRecord | undefined,
  ): Promise<Payment & { readonly action: PayAction }> {
    const { order } = await orders.create(merchantId, { orderId, content }, once)
    const { attempt, action } = await payments.pay(merchantId, order.orderId, means)
    return { ...(await fresh(attempt)), action }
  }

  /** Asks the channel, and applies what it says. @throws AppError NOT_FOUND; and as the channel's failure says. */
  async function query(merchantId: MerchantId, name: PaymentName): Promise<Trade> {
    const { attempt } = await find(merchantId, name)
    const { report, failure } = await checks.look(attempt)
    if (failure) throw channelRefusal(failure)
    const now = await fresh(attempt)
    return { ...now, report, tradeState: report ? tradeStateOf(report, now.attempt, now.order) : recordedState(now.attempt, now.order) }
  }

  /** As the books have it. @throws AppError NOT_FOUND */
  async function find(merchantId: MerchantId, { channel, outTradeNo, account }: PaymentName): Promise<Payment> {
    const names = account === undefined ? accounts.all().filter((one) => one.channel === channel) : [{ account }]
    for (const { account: name } of names) {
      const attempt = await findAttemptByNumber(db, channel, name, outTradeNo)
      if (attempt?.merchantId === merchantId) return { attempt, order: await orderOf(attempt) }
    }
    throw new AppError('NOT_FOUND', `payment ${outTradeNo} does not exist on ${channel}`)
  }

  /** Newest first. @throws AppError PARAM_ERROR when the cursor is none of ours. */
  async function list(
    merchantId: MerchantId,
    filter: AttemptFilter,
    page: PageAsk,
  ): Promise<{ items: Payment[]; nextCursor?: string | undefined }> {
    const { items, nextCursor } = await paged(listAttemptsByAge(db, merchantId, filter, page))
    const found = await findOrders(db, merchantId, [...new Set(items.map(({ orderId }) => orderId))])
    const byId = new Map(found.map((order) => [order.orderId, order]))
    return {
      nextCursor,
      items: items.map((attempt) => {
        const order = byId.get(attempt.orderId)
        assert(order, `attempt ${attempt.paymentId} has its order`)
        return { attempt, order }
      }),
    }
  }

  /** @throws AppError NOT_FOUND; INVALID_REQUEST for a payment whose money is not kept; and as refunding an order does. */
  async function refund(
    merchantId: MerchantId,
    { attempt, order }: Payment,
    ask: { readonly amount?: Money | undefined; readonly reason?: string | undefined; readonly refundId?: RefundId | undefined },
    once: OnceRecord | undefined,
  ): Promise<Refund> {
    if (order.keptPaymentId !== undefined && order.keptPaymentId !== attempt.paymentId)
      throw new AppError('INVALID_REQUEST', `payment ${attempt.outTradeNo} is not the one that order ${order.orderId} keeps`)
    return refunds.request(merchantId, order.orderId, { ...ask, amountMember: 'refundAmount' }, once)
  }

  /** Ends the order that the payment is for. @throws AppError as cancelling an order does. */
  async function close(merchantId: MerchantId, name: PaymentName): Promise<void> {
    const { order } = await find(merchantId, name)
    await cancels.cancel(merchantId, order.orderId)
  }

  async function fresh({ merchantId, paymentId }: Attempt): Promise<Payment> {
    const attempt = await findAttempt(db, merchantId, paymentId)
    assert(attempt, `attempt ${paymentId} is still there`)
    return { attempt, order: await orderOf(attempt) }
  }

  async function orderOf({ merchantId, orderId }: Attempt): Promise<Order> {
    return (await loadToPay(db, merchantId, orderId)).order
  }
}
