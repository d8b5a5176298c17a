import { z } from 'zod'
import type { Words } from '../kernel/codes.ts'
import type { EventType } from '../kernel/events.ts'
import { channelNames, payTypes } from '../kernel/pay.ts'
import { refundCauses, refundStatuses } from '../kernel/states.ts'
import { differenceKinds } from './reconciliation.ts'

const time = z.string().meta({ description: 'RFC 3339, +08:00', example: '2026-01-02T03:04:05+08:00' })
const amount = z.string().meta({ description: 'In the major unit', example: '99.99' })
const amountMinor = z.int().meta({ description: 'In the minor unit, such as fen', example: 9999 })
const currency = z.string().meta({ example: 'CNY' })
const orderId = z.string().meta({ example: 'T20260102-1' })
const outTradeNo = z.string().meta({ description: 'The number under which the channel knows the payment', example: 'T20260102-1' })
const refundId = z.string().meta({ example: 'R20260102-1' })

const ofOrder = {
  orderId,
  subject: z.string().meta({ example: 'Tea' }),
  amount,
  amountMinor,
  currency,
  userId: z.string().nullable().meta({ example: 'u-17' }),
  metadata: z.record(z.string(), z.string()).meta({ example: { table: '12' } }),
}
const ofPayment = {
  ...ofOrder,
  paymentId: z.string().meta({ example: 'pay_019b7f5e8a7c7d1f' }),
  outTradeNo,
  channel: z.enum(channelNames),
  payType: z.enum(payTypes),
  transactionId: z.string().nullable().meta({ description: 'The channel’s own number', example: '4200002026010200000000000001' }),
}
/** Only where staff assigned money to the order that need not be its amount. */
const ofAssigned = {
  paidAmount: z.string().optional().meta({ description: 'What came, when staff assigned it: it need not be the amount' }),
  paidAmountMinor: z.int().optional().meta({ description: 'The same in the minor unit' }),
}
const ofRefund = {
  orderId,
  refundId,
  outRefundNo: z.string().meta({ description: 'The number under which the channel knows it', example: 'R20260102-1' }),
  outTradeNo,
  amount: z.string().meta({ description: 'In the major unit', example: '9.99' }),
  amountMinor: z.int().meta({ description: 'In the minor unit', example: 999 }),
  currency,
  status: z.enum(refundStatuses),
  cause: z
    .enum(refundCauses)
    .meta({ description: 'Who wanted it: the merchant, we because the money was too much, or staff because it fitted no order' }),
  reason: z.string().nullable().meta({ example: 'one cup broken' }),
  channelRefundId: z.string().nullable().meta({ description: 'The channel’s own number', example: '50302026010200000000000001' }),
  failure: z.string().nullable().meta({ description: 'Why it failed or ended, in the words of the channel', example: null }),
  succeededAt: time.nullable(),
}
const totals = z.object({
  count: z.int().meta({ example: 3 }),
  amount: amount.meta({ example: '299.97' }),
  amountMinor: z.int().meta({ example: 29_997 }),
})
const reason = z.string().meta({ example: 'expired' })
const accepted = z.boolean().meta({ description: 'Whether the money is kept; otherwise it goes back by itself', example: false })

/** What is told with each event. */
export const eventData = {
  'order.created': z.object(ofOrder),
  'order.closed': z.object({ ...ofOrder, reason: z.enum(['expired', 'cancelled']) }),
  'payment.succeeded': z.object({ ...ofPayment, ...ofAssigned }),
  'payment.failed': z.object({ ...ofPayment, reason }),
  'payment.late': z.object({ ...ofPayment, accepted, refundId: refundId.optional() }),
  'payment.duplicate_refunded': z.object({ ...ofPayment, accepted: z.literal(false), refundId }),
  'refund.created': z.object(ofRefund),
  'refund.succeeded': z.object(ofRefund),
  'refund.abnormal': z.object(ofRefund),
  'refund.failed': z.object(ofRefund),
  'reconciliation.completed': z.object({
    channel: z.enum(channelNames),
    account: z.string().meta({ example: 'default' }),
    date: z.string().meta({ example: '2026-01-02' }),
    isEmpty: z.boolean().meta({ example: false }),
    currency,
    payments: totals,
    refunds: totals,
    differences: z.partialRecord(z.enum(differenceKinds), z.int()).meta({ description: 'How many of each kind', example: { amount: 1 } }),
  }),
} as const satisfies Record<EventType, z.ZodType>

/** When each event is told. */
export const eventWords: Readonly<Record<EventType, Words>> = {
  'order.created': { en: 'An order was made', zh: '订单已创建' },
  'order.closed': { en: 'An order can be paid no more', zh: '订单已关闭，不能再支付' },
  'payment.succeeded': { en: 'An order is paid: deliver', zh: '订单已支付：请发货' },
  'payment.failed': { en: 'An attempt failed; the order may be paid anew', zh: '一笔支付失败；订单可重新支付' },
  'payment.late': { en: 'Money came after its order was closed', zh: '订单关闭后才到账' },
  'payment.duplicate_refunded': { en: 'An order was paid twice; the second payment goes back by itself', zh: '重复支付；第二笔自动退回' },
  'refund.created': { en: 'Money is going back', zh: '退款已发起' },
  'refund.succeeded': { en: 'The money is back', zh: '退款成功' },
  'refund.abnormal': {
    en: 'The payer’s account cannot receive the money; someone has to act',
    zh: '退款异常：付款人账户无法收款，需要处理',
  },
  'refund.failed': { en: 'The channel refused a refund; its amount is free again', zh: '退款被渠道拒绝；金额已释放' },
  'reconciliation.completed': { en: 'A day’s bill was compared with the books', zh: '某日对账完成' },
}

/** The JSON of a webhook. */
export function webhookBody<Type extends EventType>(type: Type) {
  return z.object({
    id: z.string().meta({ description: 'The same at every delivery, as the header webhook-id', example: 'evt_019b7f5e8a7c7d1f' }),
    type: z.literal(type),
    timestamp: time.meta({ description: 'When it happened' }),
    data: eventData[type],
  })
}

/** A webhook as a receiver gets it, once it is verified. */
export type WebhookEvent = {
  [Type in EventType]: {
    readonly id: string
    readonly type: Type
    readonly timestamp: string
    readonly data: z.output<(typeof eventData)[Type]>
  }
}[EventType]
