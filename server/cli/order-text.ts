import { formatMoney } from '../../shared/kernel/money.ts'
import { formatInstant } from '../../shared/kernel/time.ts'
import { type Language, orderStatusWords, refundStatusWords } from '../../shared/kernel/words.ts'
import type { OrderView } from '../core/orders.ts'
import type { Refund } from '../core/rules/refund.ts'

/** An order as people read it: what it is, each attempt, each refund. */
export function orderText({ order, attempts, refunds }: OrderView, language: Language): string {
  const { orderId, amount, status, subject, paidAt } = order
  const paid = paidAt === undefined ? '' : `  ${formatInstant(paidAt)}`
  return [
    `${orderId}  ${formatMoney(amount)} ${amount.currency}  ${orderStatusWords[status][language]}${paid}  ${subject}`,
    ...attempts.map(
      (one) =>
        `  ${one.outTradeNo}  ${one.channel}/${one.account} ${one.ask.payType}  ${one.status}${one.transactionId === undefined ? '' : `  ${one.transactionId}`}${one.failure === undefined ? '' : `  ${one.failure}`}`,
    ),
    ...refunds.map((one) => `  ${refundText(one, language)}`),
    '',
  ].join('\n')
}

export function refundText({ refundId, amount, status, channelRefundId, failure }: Refund, language: Language): string {
  const more = [channelRefundId, failure].filter((one) => one !== undefined).map((one) => `  ${one}`)
  return `${refundId}  ${formatMoney(amount)} ${amount.currency}  ${refundStatusWords[status][language]}${more.join('')}`
}
