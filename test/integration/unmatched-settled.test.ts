import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { makeApiKeys } from '../../server/identity/api-keys.ts'
import { asOwnId, defaultMerchant } from '../../shared/kernel/ids.ts'
import { asInstant, chinaDay } from '../../shared/kernel/time.ts'
import { type Shop, startShop } from '../support/shop.ts'
import { unmatchedMoneyOf } from '../support/unmatched-money.ts'
import { startAnother } from './faults/instances.ts'

let shop: Shop
beforeAll(async () => {
  shop = await startShop()
})
afterAll(() => shop.close())

const { strangeMoney, shortMoney, listed, refund, assign, noted, refunded, moneyBack } = unmatchedMoneyOf(() => shop)
const note = 'the payer called; slip 17'
const minute = 60_000
const alarm = async (kind: string, of: Shop) => (await of.metrics()).includes(`shouyin_alarms{kind="${kind}"} 1`)

describe('money is settled once', () => {
  it('the same again is answered as the first time, anything else is CONFLICT', async () => {
    const { item } = await strangeMoney()
    const order = await shop.order()
    const ask = { reason: 'paid by mistake', note }
    const first = await refund(item.unmatchedId, ask)

    const same = [
      await refund(item.unmatchedId, ask),
      await refund(item.unmatchedId, { note }),
      await refund(item.unmatchedId, ask, { 'idempotency-key': `k-${item.unmatchedId}` }),
    ]
    const other = [
      await refund(item.unmatchedId, { note: 'another' }),
      await refund(item.unmatchedId, { reason: 'another', note }),
      await noted(item.unmatchedId, { note }),
      await assign(item.unmatchedId, { orderId: order.orderId, note }),
    ]

    for (const { status, data } of same) expect([status, data]).toEqual([200, first.data])
    for (const { status, body } of other) expect([status, body.code]).toEqual([409, 'CONFLICT'])
    await refunded(first.data.refundId)
    expect(moneyBack(item.outTradeNo)).toBe(1234)
  })

  it.each([
    ['of nobody’s', async () => (await strangeMoney()).item],
    ['of an attempt', async () => (await shortMoney()).item],
  ])('%s, by two at the same moment in two ways: one wins, the other is told CONFLICT', async (_name, made) => {
    const item = await made()
    const orderId = item.orderId ?? (await shop.order()).orderId

    const answers = await Promise.all([refund(item.unmatchedId, { note }), assign(item.unmatchedId, { orderId, note })])

    expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({
      code: 'CONFLICT',
      details: { unmatchedId: item.unmatchedId },
    })
    const won = answers.find(({ status }) => status === 200)
    expect(await listed(item.outTradeNo)).toEqual(won?.data)
    const { refundId } = won?.data ?? {}
    if (refundId) await refunded(refundId)
    expect(moneyBack(item.outTradeNo)).toBe(refundId ? item.amountMinor : 0)
    expect((await shop.read(orderId)).status).toBe(won?.data.status === 'assigned' ? 'succeeded' : 'pending')
  })

  it('by ten at the same moment in the same way: all are told the same, and it goes back once', async () => {
    const { item } = await strangeMoney()

    const answers = await Promise.all(Array.from({ length: 10 }, () => refund(item.unmatchedId, { note })))

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    const [refundId, ...others] = [...new Set(answers.map(({ data }) => data.refundId))]
    expect(others).toEqual([])
    await refunded(refundId)
    expect(moneyBack(item.outTradeNo)).toBe(1234)
  })
})

describe('another merchant', () => {
  it('neither sees the first one’s money nor settles it, and a key that may not refund does not, either', async () => {
    const { item } = await strangeMoney()
    const runtime = {
      now: () => asInstant(shop.emulator.now()),
      randomBytes: (count: number) => crypto.getRandomValues(new Uint8Array(count)),
    }
    const make = (merchantId: string, scopes?: ['read', 'pay']) =>
      shop.query(async (db) => {
        const keys = makeApiKeys({ db, runtime, bootstrap: undefined })
        return (await keys.create({ merchantId: asOwnId('MerchantId', merchantId), name: 'x', mode: 'test', scopes })).key.reveal()
      })
    const [other, mayPay] = [await make('mer_other'), await make(defaultMerchant, ['read', 'pay'])]

    expect((await shop.get('/unmatched', other)).data.items).toEqual([])
    for (const settle of [refund, noted]) {
      expect((await settle(item.unmatchedId, { note }, {}, other)).status).toBe(404)
      expect((await settle(item.unmatchedId, { note }, {}, mayPay)).body).toMatchObject({ code: 'NOAUTH' })
    }
    expect(await listed(item.outTradeNo)).toEqual(item)
  })
})

describe('what waits for staff', () => {
  let quiet: Shop
  beforeAll(async () => {
    quiet = await startShop()
  })
  afterAll(() => quiet.close())
  const here = unmatchedMoneyOf(() => quiet)
  const alarms = async (of: Shop) => [await alarm('unmatched_money', of), await alarm('amount_mismatch', of)]

  it('is told by alarms that follow the list, on every instance and after a start, until all of it is settled', async () => {
    const [strange, short] = [await here.strangeMoney(), await here.shortMoney()]
    const atOnce = await alarms(quiet)
    await quiet.restart()
    const other = await startAnother(quiet)
    try {
      for (const one of [quiet, other])
        await one.eventually(
          () => alarms(one),
          (seen) => seen.every((stands) => stands),
        )

      await here.refund(strange.item.unmatchedId, { note })
      for (const one of [quiet, other])
        await one.eventually(
          () => alarms(one),
          ([money, mismatch]) => !money && mismatch === true,
        )
      await unmatchedMoneyOf(() => other).assign(short.item.unmatchedId, { orderId: short.orderId, note })
      for (const one of [quiet, other])
        await one.eventually(
          () => alarms(one),
          (seen) => !seen.some((stands) => stands),
        )
    } finally {
      await other.close()
    }
    expect(atOnce).toEqual([true, true])
    expect((await quiet.get('/unmatched?status=open')).data.items).toEqual([])
    expect((await quiet.get('/unmatched?status=assigned')).data.items).toMatchObject([{ orderId: short.orderId }])
    expect((await quiet.get('/unmatched?status=refunded')).data.items).toHaveLength(1)
  }, 60_000)
})

describe('a day on which such money was settled', () => {
  it('agrees with its bill once it is', async () => {
    const books = await startShop()
    const here = unmatchedMoneyOf(() => books)
    try {
      const today = chinaDay(asInstant(books.emulator.now()))
      const [strange, kept, back] = [await here.strangeMoney(), await here.shortMoney(), await here.shortMoney()]
      const order = await books.order()
      const assigned = await here.strangeMoney(77)
      const refunds = [await here.refund(strange.item.unmatchedId, { note }), await here.refund(back.item.unmatchedId, { note })]
      await here.assign(kept.item.unmatchedId, { orderId: kept.orderId, note })
      await here.assign(assigned.item.unmatchedId, { orderId: order.orderId, note })
      for (const { data } of refunds) await here.refunded(data.refundId)
      await books.advance(Date.parse(`${today}T10:10:00+08:00`) + 24 * 60 * minute - books.emulator.now())

      const { data } = await books.post('/reconciliations', { date: today })

      expect(data).toMatchObject({ counts: {}, differences: [] })
      expect(data.payments).toEqual({ count: 4, amount: '213.07', amountMinor: 21_307 })
    } finally {
      await books.close()
    }
  }, 60_000)
})
