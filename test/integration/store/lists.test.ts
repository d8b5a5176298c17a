import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { BadCursor } from '../../../server/store/cursor.ts'
import { listOrders, markAsked } from '../../../server/store/orders.ts'
import { insertProduct, listProducts } from '../../../server/store/products.ts'
import { listRefunds } from '../../../server/store/refunds.ts'
import { transaction } from '../../../server/store/transaction.ts'
import { applyChange } from '../../../server/store/transitions.ts'
import { listUnmatched } from '../../../server/store/unmatched.ts'
import {
  asOrderId,
  asOutTradeNo,
  asOwnId,
  asRefundId,
  asTransactionId,
  defaultAccount,
  defaultMerchant,
} from '../../../shared/kernel/ids.ts'
import { moneyOf } from '../../../shared/kernel/money.ts'
import { asInstant } from '../../../shared/kernel/time.ts'
import { aDay, anOrder, aRefund } from '../../support/builders.ts'
import { openTestDatabase } from '../../support/databases.ts'

const merchantId = defaultMerchant
const otherMerchant = asOwnId('MerchantId', 'mer_other')
const count = 23
/** Five rows of each instant, so that pages begin and end between equals. */
const instantOf = (nth: number) => asInstant(aDay + Math.floor(nth / 5) * 1000)
const numbers = Array.from({ length: count }, (_, nth) => nth)
const nameOf = (nth: number) => `N-${String(nth).padStart(3, '0')}*`

let store: Awaited<ReturnType<typeof openTestDatabase>>
beforeAll(async () => {
  store = await openTestDatabase()
  for (const nth of numbers) await insertAll(nth)
})
afterAll(() => store.end())

async function insertAll(nth: number): Promise<void> {
  const [name, at] = [nameOf(nth), instantOf(nth)]
  await transaction(store.db, async (tx) => {
    const status = nth % 2 === 0 ? 'pending' : 'succeeded'
    const payerId = asOwnId('PayerId', `usr_${nth % 3}`)
    const order = anOrder({ orderId: asOrderId(name), createdAt: at, status, payerId })
    await applyChange(tx, { kind: 'insertOrder', order })
    await applyChange(tx, { kind: 'insertOrder', order: { ...order, merchantId: otherMerchant } })
    await applyChange(tx, { kind: 'insertRefund', refund: aRefund({ refundId: asRefundId(name), createdAt: at }) })
    const unmatched = {
      merchantId,
      channel: 'wechat',
      account: defaultAccount,
      outTradeNo: asOutTradeNo(name),
      transactionId: asTransactionId(`4200|${name}`),
      reason: 'unknown_number',
      amountMinor: 1,
      currency: 'CNY',
      detail: 'no such order',
      seenAt: at,
    } as const
    await applyChange(tx, { kind: 'insertUnmatched', unmatched })
    await applyChange(tx, { kind: 'insertUnmatched', unmatched })
  })
  const product = { merchantId, productId: asOwnId('ProductId', name), title: name, price: moneyOf(1, 'CNY'), createdAt: at }
  await insertProduct(store.db, { ...product, goodsType: 'physical', active: nth % 2 === 0 })
}

const encoded = (text: string) => Buffer.from(text).toString('base64url')

type Paged<T> = { items: T[]; nextCursor?: string }
/** Walks a list in pages of four. */
async function walk<T>(page: (cursor: string | undefined) => Promise<Paged<T>>): Promise<T[]> {
  const all: T[] = []
  for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; isFirst = false) {
    const { items, nextCursor } = await page(cursor)
    expect(items.length).toBeLessThanOrEqual(4)
    all.push(...items)
    cursor = nextCursor
  }
  return all
}

const newestFirst = (keep: (nth: number) => boolean = () => true) => numbers.filter(keep).reverse().map(nameOf)

describe('a list read page by page', () => {
  it.each([
    ['all orders', {}, () => true],
    ['orders by status', { status: 'succeeded' as const }, (nth: number) => nth % 2 === 1],
    ['orders of a payer', { payerId: asOwnId('PayerId', 'usr_2') }, (nth: number) => nth % 3 === 2],
    ['orders of a time', { from: instantOf(5), to: instantOf(15) }, (nth: number) => nth >= 5 && nth < 15],
    ['orders that nobody paid by any channel', { channel: 'wechat' as const }, () => false],
  ])('gives each once, newest first, equal times and all: %s', async (_words, filter, keep) => {
    const orders = await walk((cursor) => listOrders(store.db, merchantId, filter, { limit: 4, cursor }))

    expect(orders.map((order) => order.orderId)).toEqual(newestFirst(keep))
    expect(orders.filter((order) => order.merchantId !== merchantId)).toEqual([])
  })

  it('gives each refund once, and an order’s alone', async () => {
    const refunds = await walk((cursor) => listRefunds(store.db, merchantId, {}, { limit: 4, cursor }))
    const none = await walk((cursor) => listRefunds(store.db, merchantId, { orderId: asOrderId('ELSEWHERE') }, { limit: 4, cursor }))

    expect(refunds.map((refund) => refund.refundId)).toEqual(newestFirst())
    expect(none).toEqual([])
  })

  it('gives money that fits nothing once, whatever its number looks like and however often it was told', async () => {
    const money = await walk((cursor) => listUnmatched(store.db, merchantId, {}, { limit: 4, cursor }))

    expect(money.map((one) => one.outTradeNo)).toEqual(newestFirst())
  })

  it('gives money that fits nothing by what was done about it', async () => {
    const [first] = (await listUnmatched(store.db, merchantId, {}, { limit: 1 })).items
    if (!first) throw new Error('there is some')
    const resolution = { status: 'noted', note: 'x', by: asOwnId('KeyId', 'key_1'), at: aDay } as const
    await transaction(store.db, (tx) => applyChange(tx, { kind: 'resolveUnmatched', unmatched: first, resolution }))
    const by = (status: 'open' | 'noted' | 'refunded') =>
      walk((cursor) => listUnmatched(store.db, merchantId, { status }, { limit: 4, cursor }))

    expect((await by('noted')).map((one) => one.outTradeNo)).toEqual([first.outTradeNo])
    expect((await by('open')).map((one) => one.outTradeNo)).toEqual(newestFirst().filter((name) => name !== first.outTradeNo))
    expect(await by('refunded')).toEqual([])
  })

  it('gives products oldest first, and to payers only those for sale', async () => {
    const all = await walk((cursor) => listProducts(store.db, merchantId, { activeOnly: false }, { limit: 4, cursor }))
    const forSale = await walk((cursor) => listProducts(store.db, merchantId, { activeOnly: true }, { limit: 4, cursor }))

    expect(all.map((product) => product.productId)).toEqual(numbers.map(nameOf))
    expect(forSale.map((product) => product.productId)).toEqual(numbers.filter((nth) => nth % 2 === 0).map(nameOf))
  })

  it.each(['', 'x', 'AAAA', '%', encoded('1e9.id'), encoded('-1.id'), encoded('1.')])(
    'refuses a cursor that it did not give: %j',
    async (cursor) => {
      await expect(listOrders(store.db, merchantId, {}, { limit: 4, cursor })).rejects.toBeInstanceOf(BadCursor)
    },
  )

  it('takes what stands in a cursor for nothing but a place', async () => {
    const cursor = encoded("1.' OR 1=1 --")

    expect(await listOrders(store.db, merchantId, {}, { limit: 4, cursor })).toEqual({ items: [] })
  })
})

describe('asking the channel about an order', () => {
  it('is allowed to one in three seconds, of however many', async () => {
    const orderId = asOrderId(nameOf(0))
    const ask = (ms: number) => markAsked(store.db, merchantId, orderId, { now: asInstant(aDay + ms), everyMs: 3000 })

    const atOnce = await Promise.all(Array.from({ length: 20 }, () => ask(0)))

    expect(atOnce.filter((won) => won)).toHaveLength(1)
    expect(await ask(2999)).toBe(false)
    expect(await ask(3000)).toBe(true)
  })
})
