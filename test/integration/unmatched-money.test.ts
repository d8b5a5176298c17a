import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { listAudit } from '../../server/store/audit.ts'
import { asOutTradeNo, asOwnId, asTransactionId, defaultMerchant } from '../../shared/kernel/ids.ts'
import { asInstant } from '../../shared/kernel/time.ts'
import type { Data } from '../support/client.ts'
import { deliver } from '../support/deliver.ts'
import { type Shop, startShop } from '../support/shop.ts'
import { unmatchedMoneyOf } from '../support/unmatched-money.ts'

let shop: Shop
beforeAll(async () => {
  shop = await startShop()
})
afterAll(() => shop.close())

const money = unmatchedMoneyOf(() => shop)
const { strangeMoney, shortMoney, paidUnheard, listed, refund, assign, noted, refunded, moneyBack, eventTypes } = money
const note = 'the payer called; slip 17'
const minute = 60_000

/** A notification that some of a payment went back, for which nobody here asked. */
async function toldOfRefund(given: { out_trade_no: string; out_refund_no: string; transaction_id?: string | undefined }): Promise<void> {
  const resource = {
    transaction_id: '4200000000001',
    refund_id: `503-${given.out_refund_no}`,
    refund_status: 'SUCCESS',
    success_time: '2026-11-21T10:00:00+08:00',
    amount: { total: 100, refund: 100 },
    ...given,
  }
  const url = `${shop.origin()}/api/v1/payments/wechat/notify`
  await shop.emulator.announce({ event: 'REFUND.SUCCESS', url, outTradeNo: given.out_trade_no, resource })
}

describe('money under a number that nobody here asked for', () => {
  it('is listed as open, and refunded in full: at the channel, in the books, by events and in the audit', async () => {
    const { outTradeNo, item } = await strangeMoney()

    const { status, data } = await refund(item.unmatchedId, { reason: 'paid by mistake', note })

    expect(item).toMatchObject({ status: 'open', reason: 'unknown_number', orderId: null, note: null, resolvedAt: null, refundId: null })
    expect(status).toBe(200)
    expect(data).toMatchObject({ status: 'refunded', note, orderId: item.unmatchedId, resolvedAt: expect.any(String) })
    expect(await refunded(data.refundId)).toMatchObject({
      outTradeNo,
      amount: '12.34',
      reason: 'paid by mistake',
      orderId: item.unmatchedId,
    })
    expect(moneyBack(outTradeNo)).toBe(1234)
    expect(await shop.read(item.unmatchedId)).toMatchObject({
      status: 'closed',
      amount: '12.34',
      paidAmount: '0.00',
      metadata: { outTradeNo, unmatchedId: item.unmatchedId },
      attempts: [{ outTradeNo, status: 'succeeded', kept: false }],
      refunds: [{ status: 'succeeded', amount: '12.34' }],
    })
    expect(await eventTypes(item.unmatchedId)).toEqual(['refund.created', 'refund.succeeded'])
    const { items } = (await shop.get(`/orders/${item.unmatchedId}/timeline`)).data
    expect(items).toContainEqual(
      expect.objectContaining({ kind: 'request', detail: expect.objectContaining({ note, by: data.resolvedBy }) }),
    )
    const audit = await shop.query((db) => listAudit(db, defaultMerchant, 100))
    expect(audit.map(({ action }) => action)).toContain(`POST /api/v1/unmatched/${item.unmatchedId}/refund`)
    expect(await listed(outTradeNo)).toEqual(data)
  })

  it('is kept for an order that waits for it, which is then paid with what came', async () => {
    const { outTradeNo, item, letter } = await strangeMoney()
    const order = await shop.order()
    const paying = await shop.pay(order.orderId)

    const { status, data } = await assign(item.unmatchedId, { orderId: order.orderId, note })

    expect([status, data.status, data.orderId]).toEqual([200, 'assigned', order.orderId])
    expect(await shop.read(order.orderId)).toMatchObject({
      status: 'succeeded',
      amount: '99.99',
      paidAmount: '12.34',
      channel: 'wechat',
      payType: null,
      attempts: [{ outTradeNo: paying.data.outTradeNo }, { outTradeNo, status: 'succeeded', kept: true }],
    })
    expect(await eventTypes(order.orderId)).toEqual(['order.created', 'payment.succeeded'])
    // What could still be paid is closed.
    await shop.until(order.orderId, ({ attempts }) => attempts[0].status === 'closed')
    expect((await deliver(letter)).status).toBe(204)
    expect((await shop.refund(order.orderId)).data).toMatchObject({ amount: '12.34', outTradeNo })
  })

  it('is kept for an order that had closed, and told as late', async () => {
    const { item } = await strangeMoney()
    const order = await shop.order()
    await shop.post(`/orders/${order.orderId}/cancel`)

    expect((await assign(item.unmatchedId, { orderId: order.orderId, note })).status).toBe(200)

    expect(await shop.read(order.orderId)).toMatchObject({ status: 'succeeded', paidAmount: '12.34', attempts: [{ kept: true }] })
    expect(await eventTypes(order.orderId)).toEqual(['order.created', 'order.closed', 'payment.late', 'payment.succeeded'])
  })

  it('is not kept for an order that is paid, in another currency, or not there', async () => {
    const { item } = await strangeMoney()
    const paid = await shop.order()
    await shop.pay(paid.orderId)
    await shop.phone(paid.orderId)
    await shop.until(paid.orderId, ({ status }) => status === 'succeeded')
    const foreign = await shop.order({ amount: '5.00', currency: 'HKD' })

    const answers = [
      await assign(item.unmatchedId, { orderId: paid.orderId, note }),
      await assign(item.unmatchedId, { orderId: foreign.orderId, note }),
      await assign(item.unmatchedId, { orderId: 'NOBODYS-1', note }),
    ]

    expect(answers.map(({ status, body }) => [status, body.code])).toEqual([
      [409, 'ORDERPAID'],
      [400, 'INVALID_REQUEST'],
      [404, 'NOT_FOUND'],
    ])
    expect(await listed(item.outTradeNo)).toEqual(item)
  })

  it('is told again after it was refunded, by its notification: taken, and nothing changes', async () => {
    const { item, letter } = await strangeMoney()
    const { data } = await refund(item.unmatchedId, { note })
    await refunded(data.refundId)
    const before = [await shop.read(item.unmatchedId), await eventTypes(item.unmatchedId)]

    expect((await deliver(letter)).status).toBe(204)

    expect([await shop.read(item.unmatchedId), await eventTypes(item.unmatchedId)]).toEqual(before)
    expect(await listed(item.outTradeNo)).toEqual(data)
  })

  it('is told again after it was settled by a note: taken, and it stays settled', async () => {
    const { item, letter } = await strangeMoney()
    const { status, data } = await noted(item.unmatchedId, { note })

    expect([status, data.status, data.note]).toEqual([200, 'noted', note])
    expect((await deliver(letter)).status).toBe(204)
    expect(await listed(item.outTradeNo)).toEqual(data)
    expect((await shop.get(`/orders/${item.unmatchedId}`)).status).toBe(404)
  })
})

describe('money of another amount than was asked for', () => {
  it('goes back in full; its order, held until then, is paid anew', async () => {
    const { orderId, item, letter } = await shortMoney()
    const held = await shop.post(`/orders/${orderId}/cancel`)

    const { data } = await refund(item.unmatchedId, { note })
    await refunded(data.refundId)

    expect(held).toMatchObject({ status: 409, body: { code: 'CONFLICT' } })
    expect(item).toMatchObject({ reason: 'mismatch', orderId, amount: '99.98' })
    expect(moneyBack(orderId)).toBe(9998)
    expect((await deliver(letter)).status).toBe(204)
    expect(await shop.read(orderId)).toMatchObject({
      status: 'pending',
      refundStatus: 'none',
      attempts: [{ status: 'succeeded', kept: false }],
      refunds: [{ amount: '99.98', status: 'succeeded' }],
    })
    const again = await shop.pay(orderId)
    await shop.phone(again.data.outTradeNo)
    expect(await shop.until(orderId, ({ status }) => status === 'succeeded')).toMatchObject({ paidAmount: '99.99' })
    expect(await eventTypes(orderId)).toEqual(['order.created', 'refund.created', 'refund.succeeded', 'payment.succeeded'])
  })

  it('goes back, and its order can be cancelled', async () => {
    const { orderId, item } = await shortMoney()

    await refund(item.unmatchedId, { note })

    expect((await shop.post(`/orders/${orderId}/cancel`)).data).toMatchObject({ status: 'closed' })
  })

  it('is kept for its own order, and what came can be refunded, no more', async () => {
    const { orderId, item, letter } = await shortMoney()

    const { data } = await assign(item.unmatchedId, { orderId, note })

    expect(data).toMatchObject({ status: 'assigned', orderId, note })
    expect((await deliver(letter)).status).toBe(204)
    expect(await shop.read(orderId)).toMatchObject({
      status: 'succeeded',
      amount: '99.99',
      paidAmount: '99.98',
      attempts: [{ kept: true }],
    })
    expect((await shop.refund(orderId, { amount: '99.99' })).body).toMatchObject({
      code: 'INVALID_REQUEST',
      details: { refundable: '99.98' },
    })
    expect((await shop.refund(orderId)).data.amount).toBe('99.98')
    const { items } = (await shop.get(`/events?orderId=${orderId}`)).data
    expect(items.find(({ type }: Data) => type === 'payment.succeeded').data).toMatchObject({ amount: '99.99', paidAmount: '99.98' })
  })

  it('is not kept for another order', async () => {
    const { item } = await shortMoney()
    const other = await shop.order()

    expect((await assign(item.unmatchedId, { orderId: other.orderId, note })).body).toMatchObject({ code: 'INVALID_REQUEST' })

    expect((await shop.read(other.orderId)).status).toBe('pending')
  })

  it('that went back in the merchant platform meanwhile is neither kept nor given back once more', async () => {
    const { orderId, item } = await shortMoney()
    await shop.phone(orderId, 'refund_externally', { amount: 1 })
    await shop.advance(2000)

    const refusals = [await refund(item.unmatchedId, { note }), await assign(item.unmatchedId, { orderId, note })]

    for (const { body } of refusals) {
      expect(body.code).toBe('INVALID_REQUEST')
      expect(body.details.difference).toBe('some of it, or all, was given back already')
    }
    await shop.eventually(
      async () => moneyBack(orderId),
      (fen) => fen === 1,
    )
    expect(await listed(orderId)).toEqual(item)
  })

  it('settled by a note holds its order no longer: it expires', async () => {
    const { orderId, item } = await shortMoney({ expiresIn: 600 })
    await shop.phone(orderId, 'refund_externally', { amount: 9998 })

    expect((await noted(item.unmatchedId, { note: 'refunded in the merchant platform' })).status).toBe(200)
    await shop.advance(20 * minute)

    expect(await shop.until(orderId, ({ status }) => status === 'closed')).toMatchObject({ attempts: [{ status: 'failed' }] })
    expect(moneyBack(orderId)).toBe(9998)
  })

  it('noted by the figure of a notification holds its order no longer, also when the channel says another', async () => {
    const { orderId } = await shop.order({ expiresIn: 600 })
    await shop.pay(orderId)
    const { payments } = shop.emulator
    payments.put({ ...payments.find(orderId), total: 9990 })
    shop.emulator.arm({ fault: 'wrong_amount', match: { outTradeNo: orderId } })
    await deliver(await paidUnheard(orderId))
    const item = await listed(orderId)

    await noted(item.unmatchedId, { note })
    await shop.advance(20 * minute)

    expect(item.amount).toBe('99.89')
    expect(await shop.until(orderId, ({ status }) => status === 'closed')).toMatchObject({ attempts: [{ status: 'failed' }] })
  })

  it('that only a notification spoke of, noted and told again, does not end its attempt: the channel has the right money', async () => {
    const { orderId } = await shop.order()
    await shop.pay(orderId)
    shop.emulator.arm({ fault: 'wrong_amount', match: { outTradeNo: orderId } })
    const letter = await paidUnheard(orderId)
    await deliver(letter)
    await noted((await listed(orderId)).unmatchedId, { note })

    expect((await deliver(letter)).status).toBe(204)

    expect((await shop.read(orderId)).attempts).toMatchObject([{ status: 'open' }])
    expect((await shop.post(`/orders/${orderId}/check`)).data).toMatchObject({ status: 'succeeded', paidAmount: '99.99' })
  })

  it('that only a notification spoke of is not moved: the channel has other money', async () => {
    const order = await shop.order()
    await shop.pay(order.orderId)
    shop.emulator.arm({ fault: 'wrong_amount', match: { outTradeNo: order.orderId } })
    await deliver(await paidUnheard(order.orderId))
    const item = await listed(order.orderId)

    const refusals = [await refund(item.unmatchedId, { note }), await assign(item.unmatchedId, { orderId: order.orderId, note })]

    for (const { status, body } of refusals) {
      expect([status, body.code]).toEqual([400, 'INVALID_REQUEST'])
      expect(body.details.difference).toBe('amount 99.99 CNY, listed 99.98 CNY')
    }
    expect(await listed(order.orderId)).toEqual(item)
    expect(moneyBack(order.orderId)).toBe(0)
    expect((await shop.post(`/orders/${order.orderId}/check`)).data).toMatchObject({ status: 'succeeded', paidAmount: '99.99' })
    expect((await refund(item.unmatchedId, { note })).body).toMatchObject({ code: 'INVALID_REQUEST' })
    expect((await noted(item.unmatchedId, { note })).data.status).toBe('noted')
  })
})

describe('money that cannot be moved', () => {
  it('while the channel does not answer stays open', async () => {
    const [{ item }, short] = [await strangeMoney(), await shortMoney()]
    shop.emulator.arm({ fault: 'timeout_before', match: { path: '/v3/pay/transactions/out-trade-no' }, times: 2 })

    const answers = await Promise.all([
      refund(item.unmatchedId, { note }),
      assign(short.item.unmatchedId, { orderId: short.orderId, note }),
    ])

    expect(answers.map(({ status, body }) => [status, body.code])).toEqual(Array(2).fill([504, 'CHANNEL_TIMEOUT']))
    expect([await listed(item.outTradeNo), await listed(short.orderId)]).toEqual([item, short.item])
    expect((await shop.get(`/orders/${item.unmatchedId}`)).status).toBe(404)
    expect(await shop.read(short.orderId)).toMatchObject({ status: 'pending', attempts: [{ status: 'open', kept: null }] })
    expect((await refund(item.unmatchedId, { note })).status).toBe(200)
  }, 60_000)

  it('since it went back already is settled by a note alone', async () => {
    await toldOfRefund({ out_trade_no: 'THEIRS-0001', out_refund_no: 'theirs-1' })
    const item = await listed('THEIRS-0001')

    const refused = await refund(item.unmatchedId, { note })
    const done = await noted(item.unmatchedId, { note })
    await toldOfRefund({ out_trade_no: 'THEIRS-0001', out_refund_no: 'theirs-1' })

    expect(item).toMatchObject({ reason: 'unknown_refund', transactionId: 'theirs-1', amount: '1.00' })
    expect([refused.status, refused.body.code]).toEqual([400, 'INVALID_REQUEST'])
    expect(done.data.status).toBe('noted')
    expect(await listed('THEIRS-0001')).toEqual(done.data)
  })

  it('since it went back in two parts is listed for each, beside the payment', async () => {
    const { outTradeNo } = await strangeMoney()
    const { transactionId } = shop.emulator.payments.find(outTradeNo)
    for (const out_refund_no of ['part-1', 'part-2', 'part-1'])
      await toldOfRefund({ out_trade_no: outTradeNo, out_refund_no, transaction_id: transactionId })

    const { items } = (await shop.get('/unmatched?limit=100')).data

    expect(items.filter((item: Data) => item.outTradeNo === outTradeNo).map((item: Data) => [item.reason, item.transactionId])).toEqual([
      ['unknown_refund', 'part-2'],
      ['unknown_refund', 'part-1'],
      ['unknown_number', transactionId],
    ])
  })

  it('of an account that is gone is settled by a note alone; a row of an older program can be settled, too', async () => {
    await shop.query((db) =>
      db.query
        .insertInto('unmatched')
        .values({
          merchant_id: defaultMerchant,
          channel: 'wechat',
          account: asOwnId('AccountId', 'gone'),
          out_trade_no: asOutTradeNo('FORMER-0001'),
          transaction_id: asTransactionId('4200000000009'),
          reason: 'unknown_number',
          order_id: null,
          amount_minor: 100,
          currency: 'CNY',
          detail: 'nobody here asked for FORMER-0001',
          seen_at: asInstant(shop.emulator.now()),
        } as never)
        .execute(),
    )
    const item = await listed('FORMER-0001')

    expect((await refund(item.unmatchedId, { note })).body).toMatchObject({
      code: 'INVALID_REQUEST',
      error: expect.stringContaining('gone'),
    })
    expect((await noted(item.unmatchedId, { note })).data).toMatchObject({ unmatchedId: item.unmatchedId, status: 'noted' })
  })

  it('of a number that an order here has by now is settled by a note alone', async () => {
    const { item } = await strangeMoney()
    await shop.order({ orderId: item.outTradeNo })
    // The channel knows the number as paid: the attempt under it ends, and the order is paid under another.
    await shop.pay(item.outTradeNo)

    expect((await refund(item.unmatchedId, { note })).body).toMatchObject({ code: 'INVALID_REQUEST' })
    expect(moneyBack(item.outTradeNo)).toBe(0)
  })

  it('of which nothing is listed is NOT_FOUND; without a note it is not settled', async () => {
    const { item } = await strangeMoney()

    expect((await refund('unm_00000000', { note })).status).toBe(404)
    expect((await refund(item.unmatchedId, {})).body).toMatchObject({ code: 'PARAM_ERROR', details: { fields: [{ path: 'note' }] } })
    expect((await assign(item.unmatchedId, { note })).body).toMatchObject({ code: 'PARAM_ERROR' })
  })
})
