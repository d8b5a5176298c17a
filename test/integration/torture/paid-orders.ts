import type { Database } from '../../../server/store/database.ts'
import { transaction } from '../../../server/store/transaction.ts'
import { applyChange } from '../../../server/store/transitions.ts'
import { asOrderId, asOutTradeNo, asOwnId, asTransactionId } from '../../../shared/kernel/ids.ts'
import { asMinor, moneyOf } from '../../../shared/kernel/money.ts'
import { asInstant } from '../../../shared/kernel/time.ts'
import { aMerchantNumber, anAttempt, anOrder } from '../../support/builders.ts'

/** Writes orders that were paid a moment ago, as a settled notification leaves them. */
export async function insertPaidOrders(
  db: Database,
  { orderIds, amountMinor, merchantRef = aMerchantNumber }: { orderIds: readonly string[]; amountMinor: number; merchantRef?: string },
): Promise<void> {
  const paidAt = asInstant(Date.now())
  await transaction(db, async (tx) => {
    for (const name of orderIds) {
      const [orderId, outTradeNo, transactionId] = [asOrderId(name), asOutTradeNo(name), asTransactionId(`42000${name}`)]
      const [keptPaymentId, amount] = [asOwnId('PaymentId', `pay_${name}`), moneyOf(amountMinor, 'CNY')]
      const paid = { status: 'succeeded', paid: asMinor(amountMinor), keptPaymentId, channel: 'wechat', transactionId, paidAt } as const
      const order = anOrder({ orderId, amount, ...paid })
      const base = anAttempt({ orderId, outTradeNo, paymentId: keptPaymentId, merchantRef })
      const attempt = {
        ...base,
        ask: { ...base.ask, amount },
        status: 'succeeded',
        kept: true,
        transactionId,
        succeededAt: paidAt,
      } as const
      await applyChange(tx, { kind: 'insertOrder', order })
      await applyChange(tx, { kind: 'insertAttempt', attempt })
    }
  })
}

export type Books = {
  /** Orders of which more is refunded or reserved than was paid, or other than the sum of their refunds. */
  readonly wrong: number
  readonly reservedMinor: number
  readonly refunds: number
}

/** The books of all refunds, read in one statement, and so as they are at one instant. */
export async function readBooks(db: Database): Promise<Books> {
  const rows = await db.query
    .selectFrom('orders')
    .leftJoin(
      (from) =>
        from
          .selectFrom('refunds')
          .select(({ fn }) => ['order_id', fn.sum<number>('amount_minor').as('sum'), fn.countAll<number>().as('count')])
          .where('status', 'not in', ['failed', 'closed'])
          .groupBy('order_id')
          .as('r'),
      (join) => join.onRef('r.order_id', '=', 'orders.order_id'),
    )
    .select(['paid_minor', 'refunded_minor', 'refunding_minor', 'r.sum', 'r.count'])
    .execute()
  const reserved = rows.map((row) => row.refunded_minor + row.refunding_minor)
  return {
    wrong: rows.filter((row, nth) => (reserved[nth] ?? 0) > row.paid_minor || (reserved[nth] ?? 0) !== Number(row.sum ?? 0)).length,
    reservedMinor: reserved.reduce((sum, one) => sum + one, 0),
    refunds: rows.reduce((sum, row) => sum + Number(row.count ?? 0), 0),
  }
}
