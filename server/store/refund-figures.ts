import { sql } from 'kysely'
import type { MerchantId, OrderId } from '../../shared/kernel/ids.ts'
import type { Minor } from '../../shared/kernel/money.ts'
import type { Tx } from './database.ts'

type Figure = { readonly merchantId: MerchantId; readonly orderId: OrderId; readonly amount: Minor }

const plus = (column: 'refunded_minor' | 'refunding_minor', amount: number) => sql<Minor>`${sql.ref(column)} + ${amount}`

/**
 * Takes an amount out of what can be refunded. The check and the reservation are one statement: a sum followed by an insert lets two
 * refunds pass that are too much together.
 */
export async function reserveRefund(
  tx: Tx,
  { merchantId, orderId, amount, countMax }: Figure & { readonly countMax: number },
): Promise<boolean> {
  const result = await tx.query
    .updateTable('orders')
    .set({ refunding_minor: plus('refunding_minor', amount), refund_count: sql<number>`refund_count + 1` })
    .where('merchant_id', '=', merchantId)
    .where('order_id', '=', orderId)
    .where('status', '=', 'succeeded')
    .where('refund_count', '<', countMax)
    .where(sql<boolean>`refunded_minor + refunding_minor + ${amount} <= paid_minor`)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** The reserved amount went back. */
export async function bookRefund(tx: Tx, { merchantId, orderId, amount }: Figure): Promise<boolean> {
  const result = await tx.query
    .updateTable('orders')
    .set({ refunding_minor: plus('refunding_minor', -amount), refunded_minor: plus('refunded_minor', amount) })
    .where('merchant_id', '=', merchantId)
    .where('order_id', '=', orderId)
    .where('refunding_minor', '>=', amount)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** The reserved amount can be refunded again. */
export async function releaseRefund(tx: Tx, { merchantId, orderId, amount }: Figure): Promise<boolean> {
  const result = await tx.query
    .updateTable('orders')
    .set({ refunding_minor: plus('refunding_minor', -amount) })
    .where('merchant_id', '=', merchantId)
    .where('order_id', '=', orderId)
    .where('refunding_minor', '>=', amount)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}
