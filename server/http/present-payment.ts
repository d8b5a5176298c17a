import type { z } from 'zod'
import type { paymentRecord, paymentRefundAnswer, paymentStatuses, tradeAnswer } from '../../shared/api/payment.ts'
import type { Words } from '../../shared/kernel/codes.ts'
import { formatMoney, type Money } from '../../shared/kernel/money.ts'
import type { PayAction } from '../../shared/kernel/pay.ts'
import type { AttemptStatus } from '../../shared/kernel/states.ts'
import { formatInstant } from '../../shared/kernel/time.ts'
import type { TradeState } from '../../shared/kernel/trade-states.ts'
import type { Language } from '../../shared/kernel/words.ts'
import { AppError } from '../core/error.ts'
import type { Payment, Trade } from '../core/one-step.ts'
import { paidWith } from '../core/rules/attempt.ts'
import type { Refund } from '../core/rules/refund.ts'
import { recordedState } from '../core/rules/trade-state.ts'

/** Where the one-step interface's contentId lies in an order. */
export const contentIdName = 'contentId'

const stateWords: Record<TradeState, Words> = {
  SUCCESS: { zh: '支付成功', en: 'Paid' },
  REFUND: { zh: '转入退款', en: 'Refunded, in part or in full' },
  NOTPAY: { zh: '未支付', en: 'Not paid yet' },
  CLOSED: { zh: '已关闭', en: 'Closed' },
  REVOKED: { zh: '已撤销', en: 'Undone' },
  USERPAYING: { zh: '用户支付中', en: 'The payer is paying' },
  PAYERROR: { zh: '支付失败', en: 'Failed' },
}

/** An amount as the JSON number that the one-step interface documents: its digits are those of the decimal text. */
export function asJsonNumber(money: Money): number {
  return Number(formatMoney(money))
}

/** What every one-step payment answers. */
export function presentMade({ attempt, order }: Payment) {
  const { paymentId, outTradeNo } = attempt
  return { paymentId, outTradeNo, amount: asJsonNumber(order.amount), currency: order.amount.currency }
}

export function codeUrlOf(action: PayAction): string {
  if (action.type === 'qr') return action.codeUrl
  throw wayNotHere('a QR code')
}

export function h5UrlOf(action: PayAction): string {
  if (action.type === 'redirect') return action.url
  throw wayNotHere('an address to open')
}

/** What the payer's app or page is called with, and the channel's number of it. */
export function paramsOf(action: PayAction) {
  if (action.type === 'wx.requestPayment') return { prepayId: prepayIdIn(action.params.package), paymentParams: { ...action.params } }
  if (action.type === 'my.tradePay') return { prepayId: action.tradeNO, paymentParams: { tradeNO: action.tradeNO } }
  throw wayNotHere('parameters for a payment call')
}

export function appParamsOf(action: PayAction) {
  if (action.type === 'wx.app') return { prepayId: action.params.prepayId, paymentParams: { ...action.params } }
  throw wayNotHere('parameters for an app')
}

export function presentTrade({ attempt, report, tradeState }: Trade, language: Language): z.input<typeof tradeAnswer> {
  const paid = report?.outcome.status === 'succeeded' ? report.outcome : undefined
  const succeededAt = paid?.succeededAt ?? attempt.succeededAt
  return {
    outTradeNo: attempt.outTradeNo,
    transactionId: paid?.transactionId ?? attempt.transactionId ?? null,
    tradeState,
    tradeStateDesc: stateWords[tradeState][language],
    amount: { total: paidWith(attempt).minor, currency: paidWith(attempt).currency },
    payer: { openid: paid?.openId ?? attempt.ask.openId ?? null },
    successTime: succeededAt === undefined ? null : formatInstant(succeededAt),
  }
}

export function presentPaymentRefund(refund: Refund): z.input<typeof paymentRefundAnswer> {
  const { outTradeNo, outRefundNo, refundId, amount, status } = refund
  return { outTradeNo, outRefundNo, refundId, refundAmount: asJsonNumber(amount), status }
}

export function presentPayment({ attempt, order }: Payment): z.input<typeof paymentRecord> {
  const { [contentIdName]: contentId, ...metadata } = order.metadata
  const { outTradeNo, transactionId } = attempt
  return {
    id: attempt.paymentId,
    userId: order.userId ?? null,
    contentId: contentId ?? null,
    amount: formatMoney(paidWith(attempt)),
    currency: paidWith(attempt).currency,
    paymentMethod: attempt.channel,
    status: statusOf[attempt.status],
    metadata: { ...metadata, outTradeNo, transactionId: transactionId ?? null, tradeState: recordedState(attempt, order) },
    createdAt: formatInstant(attempt.createdAt),
    completedAt: attempt.succeededAt === undefined ? null : formatInstant(attempt.succeededAt),
  }
}

const statusOf: Record<AttemptStatus, (typeof paymentStatuses)[number]> = {
  sent: 'pending',
  open: 'pending',
  succeeded: 'succeeded',
  failed: 'failed',
  closed: 'closed',
}

/** The states of attempts that a status of the one-step interface stands for. */
export function attemptStatusesOf(status: (typeof paymentStatuses)[number]): AttemptStatus[] {
  const all: AttemptStatus[] = ['sent', 'open', 'succeeded', 'failed', 'closed']
  return all.filter((one) => statusOf[one] === status)
}

function prepayIdIn(text: string): string {
  return text.slice(text.indexOf('=') + 1)
}

function wayNotHere(what: string): AppError {
  return new AppError('INVALID_REQUEST', `the channel offers this payment otherwise than by ${what}; use POST /orders/:orderId/pay`)
}
