import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { listEventTypes } from '../../../server/store/events.ts'
import { asOrderId, defaultMerchant } from '../../../shared/kernel/ids.ts'
import type { Data } from '../../support/client.ts'
import type { Shop } from '../../support/shop.ts'
import { figure, paidOrder, paidUnheard, startAnother, startShopOnLine } from './instances.ts'
import type { Line } from './line.ts'

let shop: Shop
let line: Line
let end: () => Promise<void>
beforeAll(async () => {
  const started = await startShopOnLine()
  shop = started.shop
  line = started.line
  end = started.end
})
afterAll(() => end())

const eventTypes = (orderId: string) => shop.query((db) => listEventTypes(db, defaultMerchant, asOrderId(orderId)))

describe('a genuine answer to another question', () => {
  const ask = /GET .*out-trade-no/

  it.each<[string, (said: Data) => Data]>([
    ['order', (said) => ({ ...said, out_trade_no: `${said.out_trade_no.slice(0, -1)}X` })],
    ['merchant', (said) => ({ ...said, mchid: '1600000000' })],
  ])('F-087: of another %s is not believed, and told as that', async (_name, how) => {
    const order = await paidUnheard(shop)
    const before = await figure(shop, 'shouyin_channel_calls_total', 'operation="query"', 'outcome="untrusted"')
    line.change(ask, how)

    const checked = await shop.post(`/orders/${order.orderId}/check`)

    expect(checked).toMatchObject({ status: 502, body: { code: 'SIGN_ERROR' } })
    expect((await shop.read(order.orderId)).status).toBe('pending')
    expect((await figure(shop, 'shouyin_channel_calls_total', 'operation="query"', 'outcome="untrusted"')) - before).toBe(1)
    expect(await figure(shop, 'shouyin_alarms', 'kind="channel_untrusted"')).toBe(1)
    expect((await shop.post(`/orders/${order.orderId}/check`)).data.status).toBe('succeeded')
  })

  it.each<[string, (said: Data) => Data]>([
    ['app', (said) => ({ ...said, appid: 'wx00000000000000ff' })],
    ['amount', (said) => ({ ...said, amount: { ...said.amount, total: said.amount.total + 1 } })],
    ['currency', (said) => ({ ...said, amount: { ...said.amount, currency: 'HKD' } })],
  ])('F-087: of another %s pays nothing, is told by an alarm, and the right answer settles', async (_name, how) => {
    const order = await paidUnheard(shop)
    line.change(ask, how)

    await shop.post(`/orders/${order.orderId}/check`)

    expect(await shop.read(order.orderId)).toMatchObject({ status: 'pending', paidAt: null, attempts: [{ status: 'open' }] })
    expect(await figure(shop, 'shouyin_alarms', 'kind="amount_mismatch"')).toBe(1)
    expect((await shop.post(`/orders/${order.orderId}/check`)).data.status).toBe('succeeded')
    expect(await eventTypes(order.orderId)).toEqual(['order.created', 'payment.succeeded'])
  })

  it.each<[string, (said: Data) => Data]>([
    ['refund', (said) => ({ ...said, out_refund_no: 'ref_of_somebody_else' })],
    ['order', (said) => ({ ...said, out_trade_no: 'D20260101000000000000' })],
    ['amount', (said) => ({ ...said, amount: { ...said.amount, refund: 1 } })],
  ])('F-087: to a refund, of another %s: nobody knows, and it goes on under its number', async (_name, how) => {
    const order = await paidOrder(shop, { amount: '5.00' })
    line.change(/POST \/v3\/refund/, how)
    line.change(/POST \/v3\/refund/, how)

    await shop.refund(order.orderId)
    const between = (await shop.read(order.orderId)).refunds
    await shop.advance(15_000)
    await shop.eventually(
      () => shop.read(order.orderId),
      (seen: Data) => seen.refunds[0].status !== 'pending',
    )
    await shop.advance(2000)

    expect(between).toMatchObject([{ status: 'pending', amount: '5.00' }])
    expect(await shop.until(order.orderId, (seen) => seen.refundStatus === 'full')).toMatchObject({ refunds: [{ amount: '5.00' }] })
    expect([...shop.emulator.state().refund.values()].filter((refund) => refund.outTradeNo === order.orderId)).toHaveLength(1)
  })
})

describe('an answer of odd form', () => {
  const ask = /GET .*out-trade-no/

  it.each<[string, (said: Data) => unknown, Record<string, string>]>([
    ['numbers as text', (said) => ({ ...said, amount: { ...said.amount, total: String(said.amount.total) } }), {}],
    ['members nobody knows', (said) => ({ ...said, novelty: { a: [null] }, amount: { ...said.amount, novelty: 1 } }), {}],
    ['a content type of HTML', (said) => said, { 'content-type': 'text/html' }],
    ['no content type', (said) => said, { 'content-type': '' }],
    ['members of another type that do not matter', (said) => ({ ...said, trade_state_desc: 7, bank_type: null, payer: null }), {}],
  ])('F-089: with %s is read', async (_name, how, headers) => {
    const order = await paidUnheard(shop)
    line.change(ask, how, headers)

    expect((await shop.post(`/orders/${order.orderId}/check`)).data.status).toBe('succeeded')
  })

  it.each<[string, (said: Data) => unknown]>([
    ['nothing in it', () => ({})],
    ['null', () => null],
    ['a list', (said) => [said]],
    ['a text', () => 'SUCCESS'],
    ['no state', ({ trade_state: _state, ...said }) => said],
    ['a state that is null', (said) => ({ ...said, trade_state: null })],
    ['a state that is a list', (said) => ({ ...said, trade_state: ['SUCCESS'] })],
    ['a state with a blank', (said) => ({ ...said, trade_state: 'SUCCESS ' })],
    ['a state in other letters', (said) => ({ ...said, trade_state: 'Success' })],
    ['an amount that is null', (said) => ({ ...said, amount: null })],
    ['an amount of a fraction', (said) => ({ ...said, amount: { ...said.amount, total: said.amount.total + 0.5 } })],
    ['an amount in hex', (said) => ({ ...said, amount: { ...said.amount, total: `0x${said.amount.total.toString(16)}` } })],
    ['an amount with an exponent', (said) => ({ ...said, amount: { ...said.amount, total: `${said.amount.total / 10}e1` } })],
    ['an amount with blanks', (said) => ({ ...said, amount: { ...said.amount, total: ` ${said.amount.total} ` } })],
    ['no transaction', ({ transaction_id: _id, ...said }) => said],
    ['no time', ({ success_time: _time, ...said }) => said],
  ])('F-089: with %s is no success and no failure', async (_name, how) => {
    const order = await paidUnheard(shop)
    line.change(ask, how)

    const checked = await shop.post(`/orders/${order.orderId}/check`)

    expect([200, 502]).toContain(checked.status)
    expect(await shop.read(order.orderId)).toMatchObject({ status: 'pending', attempts: [{ status: 'open' }] })
    expect((await shop.post(`/orders/${order.orderId}/check`)).data.status).toBe('succeeded')
  })

  it.each([
    '',
    '<html>ok</html>',
    '{"trade_state":"SUCCESS"',
    `${'['.repeat(8000)}`,
    '{"trade_state":"NOTPAY","trade_state":"SUCCESS"}',
    '\ufeff{}',
  ])('F-089: %j, genuinely signed, is no verdict', async (text) => {
    const order = await paidUnheard(shop)
    line.replace(ask, text)

    expect((await shop.post(`/orders/${order.orderId}/check`)).body.code).toBe('CHANNEL_ERROR')
    expect((await shop.read(order.orderId)).status).toBe('pending')
  })

  it.each<[string, (said: Data) => unknown]>([
    ['no code', () => ({})],
    ['a code that is null', () => ({ code_url: null })],
    ['a code that is a list', () => ({ code_url: ['weixin://wxpay/x'] })],
  ])('F-089: to a payment, with %s: the attempt stays, and paying again gives the code', async (_name, how) => {
    const order = await shop.order()
    for (let nth = 0; nth < 3; nth++) line.change(/POST .*\/native$/, how)

    const failed = await shop.pay(order.orderId)

    expect(failed).toMatchObject({ status: 502, body: { code: 'CHANNEL_ERROR' } })
    expect((await shop.read(order.orderId)).attempts).toMatchObject([{ status: 'sent' }])
    expect((await shop.pay(order.orderId)).data).toMatchObject({ outTradeNo: order.orderId, action: { type: 'qr' } })
  })
})

describe('keys that change under load', () => {
  it('F-088: certificates are fetched once an instance, and no payment or notification fails because of it', async () => {
    const older = await startShopOnLine({ WECHAT_PUBLIC_KEY_ID: '', WECHAT_PUBLIC_KEY: '' })
    const other = await startAnother(older.shop, { WECHAT_GATEWAY: older.line.origin, WECHAT_PUBLIC_KEY_ID: '', WECHAT_PUBLIC_KEY: '' })
    try {
      const both = [older.shop, other]
      const orders = await Promise.all(Array.from({ length: 60 }, async (_, nth) => both[nth % 2]?.order({ amount: '1.00' })))
      await Promise.all(both.map((one) => one.order().then(({ orderId }) => one.pay(orderId))))
      await older.shop.emulator.rotate('certificate')
      await Promise.all(both.map((one) => one.advance(61_000)))
      const before = older.line.heard.filter(({ url }) => url === '/v3/certificates').length

      const payings = await Promise.all(orders.map(async (order, nth) => both[nth % 2]?.pay(order.orderId)))
      await Promise.all(orders.map(({ orderId }) => older.shop.phone(orderId)))

      expect(new Set(payings.map((paying) => paying?.status))).toEqual(new Set([200]))
      const tries = [...older.shop.emulator.state().notification.values()].map((one) => one.tries.map(({ status }) => status).join())
      expect(new Set(tries)).toEqual(new Set(['204']))
      expect(older.line.heard.filter(({ url }) => url === '/v3/certificates').length - before).toBeLessThanOrEqual(2)
      const { items } = (await older.shop.get('/orders?limit=100&status=succeeded')).data
      expect(items).toHaveLength(60)
    } finally {
      await other.close()
      await older.end()
    }
  }, 20_000)
})
