import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { ApiError } from '../../shared/client/api-error.ts'
import { openFormerElement } from '../../shared/client/former-element.ts'
import type { MerchantClient } from '../../shared/client/merchant-client.ts'
import { verifyWebhook } from '../../shared/client/verify-webhook.ts'
import { connectMerchant } from '../../shared/client/web-platform.ts'
import { type Line, type Mishap, startBadLine } from '../support/bad-line.ts'
import { startReceiver } from '../support/receiver.ts'
import { type Shop, startShop } from '../support/shop.ts'
import { unmatchedMoneyOf } from '../support/unmatched-money.ts'

let shop: Shop
let line: Line
let client: MerchantClient
beforeAll(async () => {
  shop = await startShop({ environment: { WEBHOOK_ALLOW_PRIVATE: '1' } })
  line = await startBadLine(shop.origin)
  client = connectMerchant({ origin: line.origin, key: shop.key, policy: { firstWaitMs: 20, longestWaitMs: 100 } })
})
afterAll(async () => {
  await line.close()
  await shop.close()
})

let made = 0
/** Orders of one buyer, so that they can be counted. */
const aBuyer = () => `buyer-${++made}`
const ordersOf = async (userId: string): Promise<number> => {
  let count = 0
  for await (const order of client.orders.each({ limit: 50 })) if (order.userId === userId) count++
  return count
}
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => (error instanceof ApiError ? error : Promise.reject(error)),
  )

async function paid(amount = '99.99'): Promise<string> {
  const { orderId } = await client.orders.create({ subject: 'Tea', amount })
  await client.orders.pay(orderId)
  await shop.phone(orderId)
  await shop.until(orderId, ({ status }) => status === 'succeeded')
  return orderId
}

describe('a merchant’s client on a bad line makes exactly one order', () => {
  it.each([
    ['is cut before the server hears it', ['cutBefore']],
    ['is cut after the server did the work', ['cutAfter']],
    ['is cut after the work, and again when it is told of it', ['cutAfter', 'cutAfter', 'cutAfter']],
    ['arrives twice at once', ['twice']],
    [
      'meets a proxy that has lost the server',
      [
        { status: 502, text: '<html>' },
        { status: 503, headers: { 'retry-after': '0' } },
      ],
    ],
    ['meets a page of somebody on the way', [{ status: 200, text: '<html>log in to the hotel' }]],
    ['meets all of it', ['cutAfter', { status: 504 }, 'twice', 'cutBefore']],
  ] as Array<[string, Mishap[]]>)('when the request %s', async (_what, mishaps) => {
    const userId = aBuyer()
    line.meet(...mishaps)

    const order = await client.orders.create({ subject: 'Tea', amount: '99.99', userId })

    expect(order).toMatchObject({ userId, status: 'pending', amount: '99.99' })
    expect(new Set(line.keys).size).toBe(1)
    expect(await ordersOf(userId)).toBe(1)
    expect((await client.orders.get(order.orderId)).orderId).toBe(order.orderId)
  })

  it('when two of them work under one key of the caller’s', async () => {
    const userId = aBuyer()
    line.meet()
    const ask = () => client.orders.create({ subject: 'Tea', amount: '1', userId }, { idempotencyKey: `once-${userId}` })

    const orders = await Promise.all([ask(), ask(), ask()])

    expect(new Set(orders.map(({ orderId }) => orderId)).size).toBe(1)
    expect(await ordersOf(userId)).toBe(1)
  })

  it('and gives money back once', async () => {
    const orderId = await paid()
    line.meet('cutAfter', 'cutAfter')

    await client.orders.refund(orderId, { amount: '9.99' })

    expect((await client.orders.get(orderId)).refunds).toHaveLength(1)
  })
})

describe('a merchant’s client', () => {
  it('tells a refusal with its code, its fields and its request, and does not repeat it', async () => {
    line.meet()

    const error = await refusal(client.orders.create({ subject: 'Tea', amount: '1.999' }))

    expect(error).toMatchObject({ code: 'PARAM_ERROR', status: 400, details: { fields: [{ path: 'amount' }] } })
    expect(error?.requestId).toMatch(/^req_/)
    expect(line.keys).toHaveLength(1)
  })

  it('with a wrong key is told so', async () => {
    const stranger = connectMerchant({ origin: shop.origin(), key: 'sk_test_not_a_key' })

    expect(await refusal(stranger.orders.get('T20260102-1'))).toMatchObject({ code: 'UNAUTHORIZED', status: 401 })
  })

  it('does not carry its key to where a redirect points', async () => {
    line.meet({ status: 307, headers: { location: `${shop.origin()}/api/v1/orders` } })
    const once = connectMerchant({ origin: line.origin, key: shop.key, policy: { maxTries: 1 } })

    expect(await refusal(once.orders.create({ subject: 'Tea', amount: '1' }))).toMatchObject({ code: 'NETWORK' })
  })

  it('gives up in time on a server that is not there', async () => {
    const nobody = connectMerchant({ origin: 'http://127.0.0.1:9', key: shop.key, policy: { maxTries: 2, firstWaitMs: 10 } })

    expect(await refusal(nobody.orders.list())).toMatchObject({ code: 'NETWORK', status: 0 })
  })

  it('pays in one step, follows it in the books, and refunds it', async () => {
    line.meet()
    const wechat = client.payments('wechat')
    const { outTradeNo, codeUrl, amount } = await wechat.native({ subject: 'Tea', amount: '9.99', contentId: 'c-1' })
    await shop.phone(outTradeNo)
    await shop.until(outTradeNo, ({ status }) => status === 'succeeded')

    expect([codeUrl.startsWith('weixin://'), amount]).toEqual([true, 9.99])
    expect(await wechat.query(outTradeNo)).toMatchObject({ tradeState: 'SUCCESS', amount: { total: 999, currency: 'CNY' } })
    expect(await wechat.refund({ outTradeNo, refundAmount: 1.99 })).toMatchObject({ outTradeNo, refundAmount: 1.99 })
    expect(await wechat.get(outTradeNo)).toMatchObject({ contentId: 'c-1', amount: '9.99', status: 'succeeded' })
    expect((await client.payments.list({ channel: 'wechat', limit: 1 })).items).toHaveLength(1)
  })

  it('settles money that matches nothing, each in one of three ways', async () => {
    const { strangeMoney } = unmatchedMoneyOf(() => shop)
    const [back, kept, other] = [await strangeMoney(), await strangeMoney(), await strangeMoney()].map(({ item }) => item.unmatchedId)
    const { orderId } = await client.orders.create({ subject: 'Tea', amount: '12.34' })
    line.meet('cutAfter')

    const refunded = await client.unmatched.refund(back, { note: 'slip 17' })
    const assigned = await client.unmatched.assign(kept, { orderId, note: 'slip 17' })
    const noted = await client.unmatched.note(other, { note: 'slip 17' })

    expect([refunded.status, assigned.status, noted.status]).toEqual(['refunded', 'assigned', 'noted'])
    expect(await client.refunds.get(refunded.refundId ?? '')).toMatchObject({ amount: '12.34' })
    expect(await client.orders.get(orderId)).toMatchObject({ status: 'succeeded', paidAmount: '12.34' })
    expect((await client.unmatched.list({ status: 'open' })).items).toEqual([])
  })

  it('has webhooks delivered that its own verification believes', async () => {
    const receiver = await startReceiver()
    try {
      const { secret, endpointId } = await client.webhookEndpoints.create({ url: receiver.origin, types: ['payment.succeeded'] })
      const orderId = await paid()
      await shop.eventually(
        async () => receiver.letters.length,
        (count) => count > 0,
      )
      const [{ headers, body } = { headers: {}, body: '' }] = receiver.letters

      const { id, payload } = await verifyWebhook({ secret, headers, body, now: shop.emulator.now() })

      expect(payload).toMatchObject({ id, type: 'payment.succeeded', data: { orderId } })
      expect((await client.events.list({ orderId, type: 'payment.succeeded' })).items).toMatchObject([{ id }])
      await client.webhookEndpoints.remove(endpointId)
    } finally {
      await receiver.close()
    }
  })
})

describe('the functions of the former element', () => {
  it('make an order, have it paid, and say so', async () => {
    line.meet()
    const element = await openFormerElement(client)

    const orderId = await element.generateOrderId()
    const order = await element.create('Tea', '99.99', orderId)
    const { payUrl, form } = await element.getPayUrl(orderId)
    const before = await element.check(orderId)
    await shop.phone(orderId)

    expect(orderId).toMatch(/^D\d{20}$/)
    expect(order).toMatchObject({ orderId, subject: 'Tea', amount: '99.99', status: 'pending' })
    expect([payUrl.startsWith('weixin://'), form, before]).toEqual([true, '', false])
    expect(await element.check(orderId)).toBe(true)
    expect(await element.checkThird({ orderId })).toMatchObject({ outTradeNo: orderId, status: 'succeeded' })
    expect([await element.cancel(orderId), await element.cancelThird(orderId)]).toEqual([false, false])
  })

  it('number an order that brings no number, and end it', async () => {
    const element = await openFormerElement(client)
    const { orderId } = await element.create('Tea', 1)

    expect(await element.cancel(orderId)).toBe(true)
    expect((await client.orders.get(orderId)).status).toBe('closed')
  })

  it('end a payment at the channel alone, and the order is paid by another', async () => {
    const element = await openFormerElement(client)
    const { orderId } = await element.create('Tea', '5')
    expect(await element.cancelThird(orderId)).toBe(true)
    await element.getPayUrl(orderId)

    expect(await element.cancelThird(orderId)).toBe(true)
    expect(await client.orders.get(orderId)).toMatchObject({ status: 'pending', attempts: [{ status: 'closed' }] })
    await element.getPayUrl(orderId, 'MWEB')
    expect((await client.orders.get(orderId)).attempts).toMatchObject([{ status: 'closed' }, { status: 'open', payType: 'MWEB' }])
  })

  it('say who they are, and show no key', async () => {
    const element = await openFormerElement(client)
    const { WECHAT_MCH_ID, WECHAT_API_V3_KEY = 'none', WECHAT_PRIVATE_KEY = 'none' } = shop.emulator.environment()

    expect(element).toMatchObject({
      fullName: 'wechat.default',
      mchId: WECHAT_MCH_ID,
      config: { mchId: WECHAT_MCH_ID, appId: element.appId },
    })
    expect(element.getNotifyUrl()).toBe(`${shop.origin()}/api/v1/payments/wechat/notify`)
    const shown = JSON.stringify(element) + JSON.stringify(await client.accounts.list())
    for (const secret of [WECHAT_API_V3_KEY, WECHAT_PRIVATE_KEY, shop.key]) expect(shown).not.toContain(secret)
  })

  it('are of an account that there is', async () => {
    await expect(openFormerElement(client, { account: 'nobody' })).rejects.toThrow('the server has no account nobody of wechat')
  })
})

describe('a callback in XML that came to an address of the merchant’s own', () => {
  it('is passed on, believed, and answered in the channel’s words; another’s is not', async () => {
    const v2 = await startShop({ mode: 'v2' })
    try {
      const element = await openFormerElement(connectMerchant({ origin: v2.origin(), key: v2.key }))
      const { orderId } = await element.create('Tea', '99.99')
      await element.getPayUrl(orderId)
      v2.mail.isHeld = true
      await v2.phone(orderId)
      const xml = Buffer.from(v2.mail.letters[0]?.body ?? '').toString()

      const refused = await element.notify(xml.replace('SUCCESS', 'FAIL'))
      expect([refused.isTaken, (await v2.read(orderId)).status]).toEqual([false, 'pending'])

      const taken = await element.notify(xml)
      expect(taken.isTaken).toBe(true)
      expect(taken.answer).toContain('SUCCESS')
      expect((await v2.read(orderId)).status).toBe('succeeded')
    } finally {
      await v2.close()
    }
  })
})
