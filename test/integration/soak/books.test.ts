import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { asInstant, chinaDay } from '../../../shared/kernel/time.ts'
import { storeKind } from '../../support/databases.ts'
import { type Shop, startShop } from '../../support/shop.ts'

const payments = storeKind === 'sqlite' ? 10_000 : 2000
const sideBySide = 32
const minute = 60_000
const hour = 60 * minute
const often = 1_000_000

let shop: Shop
beforeAll(async () => {
  shop = await startShop()
})
afterAll(() => shop.close())

/** Orders, pays and goes away; what is not answered is asked again, as a merchant's server does. */
async function payOne(n: number): Promise<string> {
  const order = await insist(() =>
    shop.post('/orders', { subject: `Tea ${n}`, amount: amountOf(n), expiresIn: 6 * 60 * 60 }, { 'idempotency-key': `soak-${n}` }),
  )
  const paying = await insist(() => shop.pay(order.orderId))
  await shop.phone(paying.outTradeNo)
  return order.orderId
}

function amountOf(n: number): string {
  return (((n * 7919) % 100_000) / 100 + 0.01).toFixed(2)
}

async function insist(ask: () => ReturnType<Shop['post']>) {
  for (let tries = 0; tries < 20; tries++) {
    const { status, data, text } = await ask()
    if (status < 300) return data
    if (status < 500 && status !== 429) throw new Error(text)
  }
  throw new Error('twenty answers in a row were none')
}

describe(`${payments.toLocaleString('en')} payments in bad weather`, () => {
  it('are all kept, once each, and the books equal the channel’s bill to the fen', async () => {
    shop.emulator.arm({ fault: 'duplicate_notify', times: often, match: { chance: 0.3 } })
    shop.emulator.arm({ fault: 'drop_notify', times: often, match: { chance: 0.14 } })
    shop.emulator.arm({ fault: 'late_notify', times: often, match: { chance: 0.17 } })
    shop.emulator.arm({ fault: 'reset', times: often, match: { chance: 0.05, path: '/v3/pay' } })
    const today = chinaDay(asInstant(shop.emulator.now()))
    let next = 0
    const worker = async () => {
      while (next < payments) await payOne(next++)
    }
    await Promise.all(Array.from({ length: sideBySide }, worker))
    shop.emulator.faults.clear()
    await shop.advance(2 * hour + minute)
    for (const end = Date.now() + 120_000; (await openOrders()) > 0 && Date.now() < end; ) await shop.advance(minute)

    const bill = [...shop.emulator.state().payment.values()].filter((one) => one.transactionId !== undefined)
    const books = await kept()
    expect(bill).toHaveLength(payments)
    expect(books).toEqual(bill.map(({ outTradeNo, total, transactionId }) => `${outTradeNo} ${total} ${transactionId}`).sort())
    expect(await doubled()).toEqual([])
    expect([...shop.emulator.state().refund.values()]).toEqual([])
    await shop.advance(Date.parse(`${today}T10:00:00+08:00`) + 24 * hour - shop.emulator.now())
    const { data } = await shop.post('/reconciliations', { date: today })
    expect(data.counts).toEqual({})
    expect(data.payments).toMatchObject({ count: payments, amountMinor: bill.reduce((sum, one) => sum + one.total, 0) })
  }, 600_000)
})

function openOrders(): Promise<number> {
  return shop.query(async (db) => {
    const row = await db.query
      .selectFrom('orders')
      .select(({ fn }) => fn.countAll().as('open'))
      .where('status', '=', 'pending')
      .executeTakeFirst()
    return Number(row?.open)
  })
}

function kept(): Promise<string[]> {
  return shop.query(async (db) => {
    const rows = await db.query
      .selectFrom('attempts as a')
      .innerJoin('orders as o', 'o.kept_payment_id', 'a.payment_id')
      .select(['a.out_trade_no', 'o.paid_minor', 'a.transaction_id'])
      .where('a.kept', '=', 1)
      .where('o.status', '=', 'succeeded')
      .execute()
    return rows.map((row) => `${row.out_trade_no} ${row.paid_minor} ${row.transaction_id}`).sort()
  })
}

function doubled() {
  return shop.query((db) =>
    db.query
      .selectFrom('events')
      .select('order_id')
      .where('type', '=', 'payment.succeeded')
      .groupBy('order_id')
      .having(({ fn }) => fn.countAll(), '>', 1)
      .execute(),
  )
}
