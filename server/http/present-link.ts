import type { z } from 'zod'
import type { linkOrder, QrCode } from '../../shared/api/pay-page.ts'
import { formatMoney } from '../../shared/kernel/money.ts'
import { formatInstant, type Instant } from '../../shared/kernel/time.ts'
import type { OrderView } from '../core/orders.ts'
import { refundTotalOf } from '../core/rules/order.ts'
import { qrPath } from '../lib/qr.ts'

/** What the holder of a link sees: nothing of the merchant's books, and nothing of who pays. */
export function presentLinkOrder({ order }: OrderView, { merchant, now }: { merchant: string; now: Instant }): z.input<typeof linkOrder> {
  const { amount, status, refunding } = order
  return {
    orderId: order.orderId,
    merchant,
    subject: order.subject,
    body: order.body ?? null,
    amount: formatMoney(amount),
    amountMinor: amount.minor,
    currency: amount.currency,
    status,
    isExpired: status === 'pending' && order.expiresAt <= now,
    refundStatus: refundTotalOf(order),
    refundedAmount: formatMoney({ minor: order.refunded, currency: amount.currency }),
    isRefunding: refunding > 0,
    channel: order.channel ?? null,
    payType: order.payType ?? null,
    now: formatInstant(now),
    expiresAt: formatInstant(order.expiresAt),
    paidAt: order.paidAt === undefined ? null : formatInstant(order.paidAt),
    closedAt: order.closedAt === undefined ? null : formatInstant(order.closedAt),
    returnUrl: status === 'pending' ? null : (order.returnUrl ?? null),
  }
}

/** What a phone is shown, and until when it is good for anything. */
export function presentQr(codeUrl: string, endsAt: Instant): QrCode {
  return { ...qrPath(codeUrl), expiresAt: formatInstant(endsAt) }
}
