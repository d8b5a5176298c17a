import { languageOf, type OrderAnswer, orderStatusWords, type RefundAnswer, refundStatusWords } from '../generated/shared'

export type OrderLine = {
  readonly orderId: string
  readonly subject: string
  readonly amount: string
  readonly status: OrderAnswer['status']
  readonly statusText: string
  readonly createdAt: string
}

/** An order as lists show it: the server's own figures, in words of the phone's language. */
export function presentOrderLine(order: OrderAnswer, language: string): OrderLine {
  const { orderId, subject, amount, status, createdAt } = order
  return {
    orderId,
    subject,
    amount: `¥${amount}`,
    status,
    statusText: orderStatusWords[status][languageOf(language)],
    createdAt: clock(createdAt),
  }
}

export function presentRefundLine(
  { refundId, amount, status }: RefundAnswer,
  language: string,
): { refundId: string; amount: string; statusText: string } {
  return { refundId, amount: `¥${amount}`, statusText: refundStatusWords[status][languageOf(language)] }
}

/** `2026-01-02T03:04:05+08:00` as `2026-01-02 03:04`. */
export function clock(time: string | null): string {
  return time === null ? '' : time.slice(0, 16).replace('T', ' ')
}
