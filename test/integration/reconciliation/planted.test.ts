import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { writeAttempt } from '../../../server/store/attempts.ts'
import { writeOrder } from '../../../server/store/orders.ts'
import { writeRefund } from '../../../server/store/refunds.ts'
import { asOrderId, asOutTradeNo, asOwnId, asRefundId, asTransactionId, outRefundNoOf } from '../../../shared/kernel/ids.ts'
import { asMinor, moneyOf, zero } from '../../../shared/kernel/money.ts'
import { asInstant } from '../../../shared/kernel/time.ts'
import {
  type BilledFunds,
  type BilledPayment,
  type BilledRefund,
  feeOf,
  fundsBill,
  pack,
  tradeBill,
  yuan,
} from '../../support/bill-maker.ts'
import { anAttempt, anOrder, aRefund } from '../../support/builders.ts'
import { openTestDatabase } from '../../support/databases.ts'
import { makeReconciler } from '../../support/reconciler.ts'

const day = '2026-01-02'
const minute = 60_000
const payments = 15_000
const refunds = 5000
const each = 10
const bunch = 250

let store: Awaited<ReturnType<typeof openTestDatabase>>
beforeAll(async () => {
  store = await openTestDatabase()
  await fillBooks()
}, 60_000)
afterAll(() => store.end())

/** The n-th payment, somewhere in the day. */
function paymentOf(n: number): BilledPayment {
  const number = `D20260102${String(n).padStart(10, '0')}`
  return { number, transactionId: `4200${number}`, fen: 100 + ((n * 37) % 90_000), at: clockOf(n) }
}

/** The n-th refund is a part of the n-th payment. */
function refundOf(n: number): BilledRefund {
  const { number, fen } = paymentOf(n)
  return { number, refundNo: `ref_${n}`, refundId: `5030${n}`, fen: Math.floor(fen / 2), at: clockOf(n) }
}

function instantOf(n: number): number {
  return Date.UTC(2026, 0, 1, 16) + 20 * minute + (n % 1400) * minute
}

function clockOf(n: number): string {
  return new Date(instantOf(n) + 8 * 60 * minute).toISOString().slice(0, 19).replace('T', ' ')
}

/** The books of a day as the shop wrote them, but for what is planted below. */
async function fillBooks(): Promise<void> {
  const rows = Array.from({ length: payments }, (_, n) => bookOf(n)).filter((_, n) => !isMissingHere(n))
  for (let at = 0; at < rows.length; at += bunch) {
    const some = rows.slice(at, at + bunch)
    await store.db.query
      .insertInto('orders')
      .values(some.map(({ order }) => writeOrder(order)))
      .execute()
    await store.db.query
      .insertInto('attempts')
      .values(some.map(({ attempt }) => writeAttempt(attempt)))
      .execute()
  }
  const given = Array.from({ length: refunds }, (_, n) => bookedRefund(n)).filter((_, n) => !isRefundMissingHere(n))
  for (let at = 0; at < given.length; at += bunch)
    await store.db.query
      .insertInto('refunds')
      .values(given.slice(at, at + bunch).map(writeRefund))
      .execute()
}

function bookOf(n: number) {
  const { number, transactionId, fen } = paymentOf(n)
  const [orderId, paymentId, succeededAt] = [asOrderId(number), asOwnId('PaymentId', `pay_${n}`), asInstant(instantOf(n))]
  const amount = moneyOf(fen, 'CNY')
  const isUnpaid = isUnpaidHere(n)
  const order = anOrder({
    orderId,
    amount,
    paid: isUnpaid ? zero : asMinor(fen),
    status: isUnpaid ? 'pending' : 'succeeded',
    keptPaymentId: paymentId,
  })
  const attempt = anAttempt({
    orderId,
    paymentId,
    outTradeNo: asOutTradeNo(number),
    ask: { ...anAttempt().ask, outTradeNo: asOutTradeNo(number), amount },
    ...(isUnpaid ? {} : { status: 'succeeded', kept: true, transactionId: asTransactionId(transactionId), succeededAt }),
  })
  return { order: { ...order, refunded: n < refunds && !isRefundMissingHere(n) ? asMinor(refundOf(n).fen) : zero }, attempt }
}

function bookedRefund(n: number) {
  const { number, refundNo, refundId, fen } = refundOf(n)
  const id = asRefundId(refundNo)
  const at = asInstant(instantOf(n))
  return aRefund({
    refundId: id,
    outRefundNo: outRefundNoOf(id),
    orderId: asOrderId(number),
    paymentId: asOwnId('PaymentId', `pay_${n}`),
    outTradeNo: asOutTradeNo(number),
    amount: moneyOf(fen, 'CNY'),
    total: moneyOf(paymentOf(n).fen, 'CNY'),
    status: 'succeeded',
    channelRefundId: refundId,
    createdAt: at,
    succeededAt: at,
  })
}

// What is planted where: ten of each, far from each other.
const isMissingHere = (n: number) => n >= 6000 && n < 6000 + each
const isUnpaidHere = (n: number) => n >= 7000 && n < 7000 + each
const isMissingThere = (n: number) => n >= 8000 && n < 8000 + each
const isOtherAmount = (n: number) => n >= 9000 && n < 9000 + each
const isOtherFee = (n: number) => n >= 10_000 && n < 10_000 + each
const isOtherFunds = (n: number) => n >= 11_000 && n < 11_000 + each
const isRefundMissingHere = (n: number) => n >= 1000 && n < 1000 + each / 2
const isRefundMissingThere = (n: number) => n >= 2000 && n < 2000 + each / 2

async function bills() {
  const billed: BilledPayment[] = []
  const income: BilledFunds[] = []
  for (let n = 0; n < payments; n++) {
    const payment = paymentOf(n)
    if (isMissingThere(n)) continue
    const fen = payment.fen + (isOtherAmount(n) ? 1 : 0)
    billed.push({ ...payment, fen, ...(isOtherFee(n) ? { fee: yuan(feeOf(fen) + 3) } : {}) })
    income.push({ number: payment.transactionId, fen: fen + (isOtherFunds(n) ? 100 : 0), at: payment.at })
  }
  const back = Array.from({ length: refunds }, (_, n) => refundOf(n)).filter((_, n) => !isRefundMissingThere(n))
  const expenses = back.map(({ refundId, fen, at }) => ({ number: refundId, fen, at }))
  return { trade: await pack(tradeBill(billed, back)), funds: await pack(fundsBill(income, expenses)), lines: billed.length + back.length }
}

describe('seventy differences in a bill of twenty thousand lines', () => {
  it('are found, all of them and no others, each by its kind', async () => {
    const { trade, funds, lines } = await bills()
    expect(lines).toBeGreaterThan(19_900)
    const reconciler = makeReconciler(store.db, { trade, funds })

    const { report } = await reconciler.run(day)

    expect(report.counts).toEqual({
      missing_here: each,
      missing_there: each,
      amount: each,
      state: each,
      refund: each,
      fee: each,
      funds: each,
    })
    expect(report.differences).toHaveLength(7 * each)
    const numbers = (kind: string) => report.differences.filter((one) => one.kind === kind).map((one) => one.number)
    expect(numbers('missing_here').sort()).toEqual(planted(6000))
    expect(numbers('state').sort()).toEqual(planted(7000))
    expect(numbers('missing_there').sort()).toEqual(planted(8000))
    expect(numbers('amount').sort()).toEqual(planted(9000))
    expect(numbers('fee').sort()).toEqual(planted(10_000))
    expect(numbers('funds').sort()).toEqual(planted(11_000))
    expect(report.payments.count).toBe(payments - each)
    await reconciler.end()
  }, 60_000)

  it('are put right where they can be: what was paid is paid now, and what was given back is adopted', async () => {
    const unpaid = await store.db.query.selectFrom('orders').select('order_id').where('status', '=', 'pending').execute()
    const adopted = await store.db.query.selectFrom('refunds').select('refund_id').where('cause', '=', 'external').execute()
    const listed = await store.db.query.selectFrom('unmatched').select('reason').execute()

    expect(unpaid).toEqual([])
    expect(adopted).toHaveLength(each / 2)
    expect(listed.map((row) => row.reason).sort()).toEqual([...Array(each).fill('mismatch'), ...Array(each).fill('unknown_number')])
  })

  it('are the same when it is done again, and the books stay as they are', async () => {
    const { trade, funds } = await bills()
    const before = await books()
    const reconciler = makeReconciler(store.db, { trade, funds })

    const { report } = await reconciler.run(day)

    expect(report.counts).toEqual({
      missing_here: each,
      missing_there: each,
      amount: each,
      state: each,
      refund: each,
      fee: each,
      funds: each,
    })
    expect(await books()).toEqual(before)
    await reconciler.end()
  }, 60_000)
})

function planted(from: number): string[] {
  return Array.from({ length: each }, (_, n) => paymentOf(from + n).number)
}

async function books() {
  const { query } = store.db
  return {
    orders: await query
      .selectFrom('orders')
      .select(['order_id', 'status', 'paid_minor', 'refunded_minor', 'refunding_minor'])
      .orderBy('order_id')
      .execute(),
    attempts: await query.selectFrom('attempts').select(['payment_id', 'status', 'kept']).orderBy('payment_id').execute(),
    refunds: await query.selectFrom('refunds').select(['refund_id', 'status']).orderBy('refund_id').execute(),
    events: await query
      .selectFrom('events')
      .select(['event_id'])
      .where('type', '<>', 'reconciliation.completed')
      .orderBy('event_id')
      .execute(),
  }
}
