/** What a merchant is told of. */
export const eventTypes = [
  'order.created',
  'payment.succeeded',
  'payment.failed',
  'payment.duplicate_refunded',
  'payment.late',
  'order.closed',
  'refund.created',
  'refund.succeeded',
  'refund.abnormal',
  'refund.failed',
  'reconciliation.completed',
] as const
export type EventType = (typeof eventTypes)[number]
