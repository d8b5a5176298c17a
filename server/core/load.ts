import type { MerchantId, OrderId } from '../../shared/kernel/ids.ts'
import { listAttemptsOf } from '../store/attempts.ts'
import type { Db } from '../store/database.ts'
import { findOrder } from '../store/orders.ts'
import { listRefundsOf } from '../store/refunds.ts'
import { AppError } from './error.ts'
import type { Attempt } from './rules/attempt.ts'
import type { Order } from './rules/order.ts'
import type { Refund } from './rules/refund.ts'

/** An order with all that was tried and given back. */
export type OrderView = { readonly order: Order; readonly attempts: readonly Attempt[]; readonly refunds: readonly Refund[] }

/** @throws AppError NOT_FOUND when the merchant has no such order. */
export async function loadView(db: Db, merchantId: MerchantId, orderId: OrderId): Promise<OrderView> {
  // Side by side: whoever reads a status mostly has an attempt, and waits half as long.
  const [order, attempts] = await Promise.all([findOrder(db, merchantId, orderId), listAttemptsOf(db, merchantId, orderId)])
  if (!order) throw orderNotFound(orderId)
  // A refund is counted by its order, or gives back an attempt that is not kept: where there is neither, there is none.
  const mayHaveRefunds = order.refundCount > 0 || attempts.some(({ kept }) => kept === false)
  return { order, attempts, refunds: mayHaveRefunds ? await listRefundsOf(db, merchantId, [orderId]) : [] }
}

/** An order with its attempts: what paying it has to know. */
export type OrderToPay = Omit<OrderView, 'refunds'>

/** @throws AppError NOT_FOUND when the merchant has no such order. */
export async function loadToPay(db: Db, merchantId: MerchantId, orderId: OrderId): Promise<OrderToPay> {
  const order = await findOrder(db, merchantId, orderId)
  if (!order) throw orderNotFound(orderId)
  return { order, attempts: order.attemptCount === 0 ? [] : await listAttemptsOf(db, merchantId, orderId) }
}

export function orderNotFound(orderId: string): AppError {
  return new AppError('NOT_FOUND', `order ${orderId} does not exist`)
}
