import type { z } from 'zod'
import type { account as accountSchema } from '../../shared/api/account.ts'
import type { attempt as attemptSchema, order as orderSchema, refund as refundSchema, timelineEntry } from '../../shared/api/order.ts'
import type { product as productSchema } from '../../shared/api/product.ts'
import type { reconciliation as reconciliationSchema } from '../../shared/api/reconciliation.ts'
import type { numberSeries } from '../../shared/api/series.ts'
import type { unmatched as unmatchedSchema } from '../../shared/api/unmatched.ts'
import { type Currency, formatMillionths, formatMoney, isCurrency, moneyOf } from '../../shared/kernel/money.ts'
import { formatInstant, type Instant } from '../../shared/kernel/time.ts'
import type { ChannelAccount } from '../channels/channel.ts'
import type { OrderView, TimelineEntry } from '../core/orders.ts'
import type { Attempt } from '../core/rules/attempt.ts'
import type { Reconciliation } from '../core/rules/decision.ts'
import { type NumberSeries, numberIn } from '../core/rules/number-series.ts'
import { refundTotalOf } from '../core/rules/order.ts'
import type { Product } from '../core/rules/product.ts'
import type { Report } from '../core/rules/reconciliation.ts'
import type { Refund } from '../core/rules/refund.ts'
import type { Unmatched } from '../core/rules/unmatched.ts'

/** The address of an order's page. */
export type CashierUrl = (order: Pick<OrderView['order'], 'merchantId' | 'orderId'>) => string

/** The only way out: every member is named here; a row is never spread into an answer. */
export function presentOrder({ order, attempts, refunds }: OrderView, cashierUrl: CashierUrl): z.input<typeof orderSchema> {
  return {
    orderId: order.orderId,
    subject: order.subject,
    body: order.body ?? null,
    amount: formatMoney(order.amount),
    amountMinor: order.amount.minor,
    currency: order.amount.currency,
    status: order.status,
    paidAmount: formatMoney({ minor: order.paid, currency: order.amount.currency }),
    refundedAmount: formatMoney({ minor: order.refunded, currency: order.amount.currency }),
    refundStatus: refundTotalOf(order),
    userId: order.userId ?? null,
    metadata: { ...order.metadata },
    payer: order.payerId === undefined ? null : { payerId: order.payerId },
    channel: order.channel ?? null,
    payType: order.payType ?? null,
    transactionId: order.transactionId ?? null,
    createdAt: formatInstant(order.createdAt),
    expiresAt: formatInstant(order.expiresAt),
    paidAt: time(order.paidAt),
    closedAt: time(order.closedAt),
    cashierUrl: cashierUrl(order),
    attempts: attempts.map(presentAttempt),
    refunds: refunds.map(presentRefund),
  }
}

/** As the payer sees it: what a channel, or the merchant's staff, wrote about a failure is not for him. */
export function presentOrderToPayer(view: OrderView, cashierUrl: CashierUrl): z.input<typeof orderSchema> {
  const seen = presentOrder(view, cashierUrl)
  const kept = <One extends { failure: string | null }>(one: One): One => ({ ...one, failure: null })
  return { ...seen, attempts: seen.attempts.map(kept), refunds: seen.refunds.map(kept) }
}

export function presentAttempt(attempt: Attempt): z.input<typeof attemptSchema> {
  return {
    paymentId: attempt.paymentId,
    outTradeNo: attempt.outTradeNo,
    channel: attempt.channel,
    account: attempt.account,
    payType: attempt.ask.payType,
    status: attempt.status,
    transactionId: attempt.transactionId ?? null,
    kept: attempt.kept ?? null,
    failure: attempt.failure ?? null,
    createdAt: formatInstant(attempt.createdAt),
    expiresAt: time(attempt.ask.expiresAt),
    succeededAt: time(attempt.succeededAt),
  }
}

export function presentRefund(refund: Refund): z.input<typeof refundSchema> {
  return {
    refundId: refund.refundId,
    outRefundNo: refund.outRefundNo,
    orderId: refund.orderId,
    outTradeNo: refund.outTradeNo,
    amount: formatMoney(refund.amount),
    amountMinor: refund.amount.minor,
    currency: refund.amount.currency,
    reason: refund.reason ?? null,
    cause: refund.cause,
    status: refund.status,
    channelRefundId: refund.channelRefundId ?? null,
    failure: refund.failure ?? null,
    createdAt: formatInstant(refund.createdAt),
    succeededAt: time(refund.succeededAt),
  }
}

export function presentProduct(product: Product): z.input<typeof productSchema> {
  return {
    productId: product.productId,
    title: product.title,
    price: formatMoney(product.price),
    priceMinor: product.price.minor,
    currency: product.price.currency,
    image: product.image ?? null,
    goodsType: product.goodsType,
    active: product.active,
    createdAt: formatInstant(product.createdAt),
  }
}

export function presentTimelineEntry({ at, kind, title, detail }: TimelineEntry): z.input<typeof timelineEntry> {
  return { at: formatInstant(at), kind, title, detail: { ...detail } }
}

export function presentUnmatched(money: Unmatched): z.input<typeof unmatchedSchema> {
  const { unmatchedId, channel, account, outTradeNo, transactionId, reason, orderId, amountMinor, currency, detail, seenAt, resolution } =
    money
  const amount = isCurrency(currency) ? formatMoney(moneyOf(amountMinor, currency)) : null
  return {
    unmatchedId,
    status: resolution?.status ?? 'open',
    channel,
    account,
    outTradeNo,
    transactionId,
    reason,
    orderId: orderId ?? null,
    amount,
    amountMinor,
    currency,
    detail,
    seenAt: formatInstant(seenAt),
    note: resolution?.note ?? null,
    resolvedAt: time(resolution?.at),
    resolvedBy: resolution?.by ?? null,
    refundId: resolution?.refundId ?? null,
  }
}

export function presentReconciliation({
  channel,
  account,
  day,
  report,
  completedAt,
}: Reconciliation): z.input<typeof reconciliationSchema> {
  const { isEmpty, withFunds, currency = 'CNY', payments, refunds, feeMicro, counts, differences } = report
  return {
    date: day,
    channel,
    account,
    status: 'completed',
    isEmpty,
    withFunds,
    currency,
    payments: presentTotals(payments, currency),
    refunds: presentTotals(refunds, currency),
    fee: formatMillionths(feeMicro),
    counts,
    differences: differences.map(({ orderId, ...one }) => ({ ...one, orderId: orderId ?? null })),
    completedAt: formatInstant(completedAt),
  }
}

function presentTotals({ count, amountMinor }: Report['payments'], currency: Currency) {
  return { count, amount: formatMoney(moneyOf(amountMinor, currency)), amountMinor }
}

/** A page of a list. */
export function presentPage<Item, Presented>(
  { items, nextCursor }: { readonly items: readonly Item[]; readonly nextCursor?: string | undefined },
  present: (item: Item) => Presented,
): { items: Presented[]; nextCursor: string | null } {
  return { items: items.map(present), nextCursor: nextCursor ?? null }
}

function time(at: Instant | undefined): string | null {
  return at === undefined ? null : formatInstant(at)
}

export function presentSeries(series: NumberSeries): z.input<typeof numberSeries> {
  const { form, prefix, suffix, width, next } = series
  return { series: series.series, form, prefix, suffix, width, next, example: form === 'stamp' ? null : numberIn(series, next) }
}

export function presentAccount(
  { channel, account, label, merchantRef, payTypes, currencies, appIdFor }: ChannelAccount,
  notifyUrl: string,
): z.input<typeof accountSchema> {
  const [first] = payTypes
  const appId = first === undefined ? undefined : appIdFor(first)
  const { zh, en } = label
  return {
    channel,
    account,
    label: { zh, en },
    appId: appId ?? null,
    mchId: merchantRef,
    payTypes: [...payTypes],
    currencies: [...currencies],
    notifyUrl,
  }
}
