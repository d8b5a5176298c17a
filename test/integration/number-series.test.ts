import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Shop, startShop } from '../support/shop.ts'
import { startAnother } from './faults/instances.ts'

let shop: Shop
let other: Shop
beforeAll(async () => {
  shop = await startShop({ withApiKey: true })
  other = await startAnother(shop)
})
afterAll(async () => {
  await other.close()
  await shop.close()
})

const change = (series: string, form: object) => shop.request('PATCH', `/number-series/${series}`, { body: form })

describe('numbers in a series of the merchant’s own', () => {
  it('are the installation’s own form until somebody says otherwise', async () => {
    expect((await shop.get('/number-series')).data.items).toMatchObject([
      { series: 'order', form: 'stamp', prefix: 'WO-', example: null },
      { series: 'refund', form: 'stamp', prefix: 'WR-' },
      { series: 'micropay', form: 'stamp', prefix: 'WMP-' },
    ])
    expect((await shop.order()).orderId).toMatch(/^D\d{20}$/)
  })

  it('never come twice, whichever instance draws them', async () => {
    expect(await change('order', { form: 'sequence', prefix: 'WO-', width: 6, next: 100 })).toMatchObject({
      status: 200,
      data: { example: 'WO-000100' },
    })
    await shop.advance(6000)

    const orders = await Promise.all(Array.from({ length: 60 }, (_, at) => (at % 2 === 0 ? shop : other).order()))

    const numbers = orders.map(({ orderId }) => String(orderId))
    expect(new Set(numbers).size).toBe(60)
    expect(numbers.filter((number) => !/^WO-000\d{3}$/.test(number))).toEqual([])
  })

  it('of refunds and of payments by code have theirs', async () => {
    await change('refund', { form: 'sequence', prefix: 'WR-', width: 6, next: 1 })
    await change('micropay', { form: 'sequence', prefix: 'WMP-', width: 6, next: 1 })
    await shop.advance(6000)
    const { orderId } = await shop.order()

    const paying = await shop.pay(orderId, { payType: 'MICROPAY', authCode: shop.showCode('wechat') })
    const refund = await shop.refund(orderId, { amount: '1.00' })

    expect([paying.data.outTradeNo, refund.data.outRefundNo]).toEqual(['WMP-000001', 'WR-000001'])
  })

  it('are the same for a request that is repeated under its key', async () => {
    const body = { subject: 'Tea', amount: '1.00' }
    const first = await shop.post('/orders', body, { 'idempotency-key': 'series-1' })
    const second = await shop.post('/orders', body, { 'idempotency-key': 'series-1' })

    expect(first.text).toBe(second.text)
  })

  it('can be raised, not lowered, unless the form is another', async () => {
    expect(await change('order', { next: 5 })).toMatchObject({ status: 400, body: { details: { fields: [{ path: 'next' }] } } })
    expect(await change('order', { next: 90_000 })).toMatchObject({ status: 200, data: { example: 'WO-090000' } })
    expect(await change('order', { prefix: 'SHOP-', next: 5 })).toMatchObject({ status: 200, data: { example: 'SHOP-000005' } })
    await shop.advance(6000)

    expect((await shop.order()).orderId).toBe('SHOP-000005')
  })

  it.each([
    [{ prefix: 'with blank ' }, 'prefix'],
    [{ width: 0 }, 'width'],
    [{ next: 0 }, 'next'],
    [{ form: 'random' }, 'form'],
    [{ prefix: '', width: 1, next: 10 }, 'width'],
    [{ colour: 'red' }, 'colour'],
  ])('with %j are refused by the field', async (form, field) => {
    const answer = await change('order', { form: 'sequence', ...form })

    expect(answer).toMatchObject({ status: 400, body: { code: 'PARAM_ERROR' } })
    expect(JSON.stringify(answer.body.details)).toContain(field)
  })

  it('that the channel calls used name the cause and the remedy, and the next attempt has the next number', async () => {
    const { orderId } = await shop.order()
    shop.emulator.arm({ fault: 'out_trade_no_used', match: { path: '/v3/pay/transactions/native', outTradeNo: orderId } })

    const paying = await shop.pay(orderId)

    expect(paying.status).toBe(200)
    expect(paying.data.outTradeNo).not.toBe(orderId)
    expect(paying.data.outTradeNo).toMatch(/^SHOP-\d{6}$/)
    expect(shop.logged.find((record) => record.event === 'alarm' && record.alarm === 'number_reuse')).toMatchObject({
      remedy: expect.stringContaining('number-series'),
    })
  })

  it('with a hyphen are not sent to Alipay, which takes none', async () => {
    const { orderId } = await shop.order()

    const paying = await shop.pay(orderId, { channel: 'alipay' })

    expect(orderId).toMatch(/^SHOP-/)
    expect(paying.data.outTradeNo).toMatch(/^D\d{20}$/)
  })
})
