import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { listEventTypes } from '../../server/store/events.ts'
import { asOrderId, defaultMerchant } from '../../shared/kernel/ids.ts'
import type { Data } from '../support/client.ts'
import { type Shop, startShop } from '../support/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await startShop()
})
afterAll(() => shop.close())

const eventTypes = (orderId: string) => shop.query((db) => listEventTypes(db, defaultMerchant, asOrderId(orderId)))

async function paidOrder(amount = '100.00'): Promise<Data> {
  const order = await shop.order({ amount })
  await shop.pay(order.orderId)
  await shop.phone(order.orderId)
  return shop.until(order.orderId, (seen) => seen.status === 'succeeded')
}

describe('a refund', () => {
  it('of everything: reserved, sent, told by the channel, booked', async () => {
    const order = await paidOrder()

    const asked = await shop.refund(order.orderId, { reason: 'broken' })
    await shop.advance(1500)
    const seen = await shop.until(order.orderId, (now) => now.refundStatus === 'full')

    expect(asked).toMatchObject({ status: 201, data: { amount: '100.00', status: 'processing', reason: 'broken' } })
    expect(seen).toMatchObject({ status: 'succeeded', refundedAmount: '100.00', refunds: [{ status: 'succeeded' }] })
    expect(await eventTypes(order.orderId)).toEqual(['order.created', 'payment.succeeded', 'refund.created', 'refund.succeeded'])
  })

  it('of a part, then the last fen, then nothing more', async () => {
    const order = await paidOrder('10.00')

    await shop.refund(order.orderId, { amount: '9.99' })
    const last = await shop.refund(order.orderId, { amount: '0.01' })
    const tooMuch = await shop.refund(order.orderId, { amount: '0.01' })
    // The second waits for the channel's minute between refunds of one payment.
    expect(last.data.status).toBe('pending')
    await shop.advance(62_000)
    await shop.eventually(
      () => shop.read(order.orderId),
      (now: Data) => now.refunds.every((refund: Data) => refund.status !== 'pending'),
    )
    await shop.advance(2000)

    expect((await shop.until(order.orderId, (now) => now.refundStatus === 'full')).refundedAmount).toBe('10.00')
    expect(tooMuch).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST', details: { refundable: '0.00' } } })
  })

  it('asked for twice under one number is one; with another amount it is refused', async () => {
    const order = await paidOrder()

    const [one, same, other] = [
      await shop.refund(order.orderId, { refundId: 'R1-once', amount: '1.00' }),
      await shop.refund(order.orderId, { refundId: 'R1-once', amount: '1.00' }),
      await shop.refund(order.orderId, { refundId: 'R1-once', amount: '2.00' }),
    ]

    expect([one.status, same.status, other.status]).toEqual([201, 201, 409])
    expect(same.data.refundId).toBe('R1-once')
    expect((await shop.read(order.orderId)).refunds).toHaveLength(1)
  })

  it('twenty of a tenth each at once: exactly ten pass', async () => {
    const order = await paidOrder('10.00')

    const answers = await Promise.all(Array.from({ length: 20 }, () => shop.refund(order.orderId, { amount: '1.00' })))

    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(10)
    expect(answers.filter((answer) => answer.body.code === 'INVALID_REQUEST')).toHaveLength(10)
    expect((await shop.read(order.orderId)).refunds).toHaveLength(10)
  })

  it('is refused before anything was paid, and of an order that is not there', async () => {
    const order = await shop.order()

    expect((await shop.refund(order.orderId)).body.code).toBe('INVALID_REQUEST')
    expect((await shop.refund('D00000000000000000000')).body.code).toBe('NOT_FOUND')
  })

  it('whose answer is lost is sent again under its number, and pays back once', async () => {
    const order = await paidOrder('5.00')
    shop.emulator.arm({ fault: 'status_500', match: { path: '/v3/refund' } })

    const asked = await shop.refund(order.orderId)
    await shop.advance(5000)
    await shop.eventually(
      () => shop.read(order.orderId),
      (now: Data) => now.refunds[0].status !== 'pending',
    )
    await shop.advance(2000)
    const seen = await shop.until(order.orderId, (now) => now.refundStatus === 'full')

    expect(asked.data.status).toBe('pending')
    expect(seen.refunds).toHaveLength(1)
    expect([...shop.emulator.state().refund.values()].filter((one) => one.outTradeNo === order.orderId)).toHaveLength(1)
  })

  it('the balance is too low for stays pending, with an alarm, and goes out later under the same number', async () => {
    const order = await paidOrder('5.00')
    shop.emulator.arm({ fault: 'not_enough', match: { path: '/v3/refund' } })

    const asked = await shop.refund(order.orderId)
    expect(asked.data.status).toBe('pending')
    expect(await shop.metrics()).toContain('shouyin_alarms{kind="refund_balance"} 1')

    await shop.advance(5000)
    expect(
      (
        await shop.eventually(
          () => shop.read(order.orderId),
          (now: Data) => now.refunds[0].status !== 'pending',
        )
      ).refunds,
    ).toHaveLength(1)
  })

  it.each([
    ['refund_abnormal', 'abnormal', 'refund.abnormal', '0.00'],
    ['refund_closed', 'closed', 'refund.failed', '5.00'],
  ])('%s ends as %s, is told as %s, and leaves %s to refund', async (fault, status, event, left) => {
    const order = await paidOrder('5.00')
    shop.emulator.arm({ fault, match: { path: '/v3/refund' } })

    await shop.refund(order.orderId)
    await shop.advance(1500)
    await shop.eventually(
      () => shop.read(order.orderId),
      (now: Data) => now.refunds[0].status === status,
    )

    expect(await eventTypes(order.orderId)).toContain(event)
    const more = await shop.refund(order.orderId, { amount: '5.01' })
    expect(more.body.details.refundable).toBe(left)
  })

  it('that somebody ended says why and what it was for; the payer is not told', async () => {
    const buyer = await shop.payer()
    const { orderId } = await buyer.order()
    await buyer.prepare(orderId)
    await shop.phone(orderId)
    await shop.until(orderId, (seen) => seen.status === 'succeeded')
    shop.emulator.arm({ fault: 'refund_abnormal', match: { path: '/v3/refund' } })
    const asked = await shop.refund(orderId)
    await shop.advance(1500)
    await shop.eventually(
      () => shop.read(orderId),
      (now: Data) => now.refunds[0].status === 'abnormal',
    )

    await shop.post(`/refunds/${asked.data.refundId}/settle`, { outcome: 'closed', note: 'paid back in cash' })

    const ended = { status: 'closed', cause: 'requested', failure: 'paid back in cash' }
    expect(asked.data).toMatchObject({ cause: 'requested', failure: null })
    expect((await shop.get(`/refunds/${asked.data.refundId}`)).data).toMatchObject(ended)
    expect((await shop.get(`/events?type=refund.failed&orderId=${orderId}`)).data.items).toMatchObject([{ data: ended }])
    expect((await buyer.read(orderId)).refunds).toMatchObject([{ ...ended, failure: null }])
  })

  it('made in the channel’s own console is adopted, so that ours cannot exceed the rest', async () => {
    const order = await paidOrder('10.00')

    await shop.phone(order.orderId, 'refund_externally', { amount: 300 })
    await shop.advance(1500)
    const seen = await shop.until(order.orderId, (now) => now.refundStatus === 'partial')

    expect(seen).toMatchObject({ refundedAmount: '3.00', refunds: [{ amount: '3.00', status: 'succeeded' }] })
    expect((await shop.refund(order.orderId, { amount: '7.01' })).body.details.refundable).toBe('7.00')
  })
})
