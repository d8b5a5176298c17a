import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { openidOf } from '../../../server/emulator/credentials.ts'
import { asInstant, chinaDay } from '../../../shared/kernel/time.ts'
import { apiDocument, contractProblems, operationOf } from '../../support/api-contract.ts'
import type { Data } from '../../support/client.ts'
import { deliver } from '../../support/deliver.ts'
import { type Receiver, startReceiver } from '../../support/receiver.ts'
import { type Shop, startShop } from '../../support/shop.ts'
import { unmatchedMoneyOf } from '../../support/unmatched-money.ts'

let shop: Shop
let receiver: Receiver
const done = new Set<string>()
beforeAll(async () => {
  receiver = await startReceiver()
  shop = await startShop({ withApiKey: true, environment: { WEBHOOK_ALLOW_PRIVATE: '1' } })
})
afterAll(async () => {
  await shop.close()
  await receiver.close()
})

const day = 24 * 60 * 60 * 1000

/** Asks, and expects a yes; the client has compared the answer with the document. */
async function ask(method: string, path: string, body?: unknown, token?: string): Promise<Data> {
  const answer = await shop.request(method, path, { body, token })
  expect([method, path, answer.status, answer.status < 300 ? '' : answer.text]).toEqual([method, path, answer.status, ''])
  note(method, path)
  return answer.data
}

function note(method: string, path: string): void {
  done.add(operationOf(method, `/api/v1${path}`)?.operationId ?? `${method} ${path}`)
}

async function paid(orderId: string): Promise<void> {
  await shop.phone(orderId)
  await shop.until(orderId, ({ status }) => status === 'succeeded')
}

/** Reads a stream of an order that can change no more, to its end. */
async function follow(path: string, token: string): Promise<void> {
  const headers = token === '' ? {} : { authorization: `Bearer ${token}` }
  const stream = await fetch(`${shop.origin()}/api/v1${path}`, { headers })
  expect(await stream.text()).toContain('event: status')
  expect(
    contractProblems({ method: 'GET', path: `/api/v1${path}`, status: stream.status, headers: stream.headers, body: undefined }),
  ).toEqual([])
  note('GET', path)
}

/** A refund that the payer's account cannot receive. */
async function abnormalRefund(): Promise<string> {
  const { orderId } = await ask('POST', '/orders', { subject: 'Tea', amount: '5.00' })
  await ask('POST', `/orders/${orderId}/pay`)
  await paid(orderId)
  shop.emulator.arm({ fault: 'refund_abnormal', match: { path: '/v3/refund' } })
  const { refundId } = await ask('POST', `/orders/${orderId}/refunds`)
  await shop.advance(2000)
  await shop.eventually(
    async () => (await shop.get(`/refunds/${refundId}`)).data.status,
    (status) => status === 'abnormal',
  )
  return refundId
}

describe('a walk through the whole interface finds every answer as the document describes it', () => {
  it('orders', async () => {
    const { orderId } = await ask(
      'POST',
      '/orders',
      apiDocument.paths['/api/v1/orders']?.post?.requestBody?.content?.['application/json']?.example,
    )
    await ask('POST', `/orders/${orderId}/pay`, { payType: 'NATIVE' })
    await ask('POST', `/orders/${orderId}/check`)
    await ask('POST', `/orders/${orderId}/attempts/${orderId}/close`)
    expect((await ask('GET', `/orders/${orderId}`)).status).toBe('pending')
    await ask('POST', `/orders/${orderId}/pay`, { payType: 'APP' })
    await ask('GET', `/orders/${orderId}/timeline`)
    expect((await ask('POST', `/orders/${orderId}/cancel`)).status).toBe('closed')
    await ask('GET', '/orders?status=closed&limit=5')
    await ask('GET', '/accounts')
    expect((await ask('POST', '/order-numbers')).orderId).toMatch(/^D\d{20}$/)
  })

  it('money that matches nothing', async () => {
    const { strangeMoney } = unmatchedMoneyOf(() => shop)
    const { orderId } = await ask('POST', '/orders', { subject: 'Tea', amount: '12.34' })
    const [back, kept, noted] = [await strangeMoney(), await strangeMoney(), await strangeMoney()].map(({ item }) => item.unmatchedId)
    await ask('GET', '/unmatched?status=open')
    await ask('POST', `/unmatched/${back}/refund`, { reason: 'paid by mistake', note: 'slip 17' })
    await ask('POST', `/unmatched/${kept}/assign`, { orderId, note: 'slip 17' })
    await ask('POST', `/unmatched/${noted}/note`, { note: 'slip 17' })
    await ask('GET', '/unmatched')
  })

  it('refunds', async () => {
    const [mended, settled] = [await abnormalRefund(), await abnormalRefund()]
    await ask('POST', `/refunds/${mended}/retry`, { to: 'merchant' })
    await ask('POST', `/refunds/${settled}/settle`, { outcome: 'succeeded', note: 'in cash' })
    await ask('GET', `/refunds/${settled}`)
    await ask('GET', '/refunds')
  })

  it('payments in one step', async () => {
    const tea = { subject: 'Tea', amount: '9.99', userId: 'u-17', contentId: 'c-1' }
    const { WECHAT_APP_ID = '', WECHAT_MINIPROGRAM_APP_ID = '' } = shop.emulator.environment()
    await ask('POST', '/payments/wechat/jsapi', { ...tea, openid: openidOf(shop.emulator.credentials(), WECHAT_APP_ID, 'alice') })
    await ask('POST', '/payments/wechat/miniprogram', {
      ...tea,
      openid: openidOf(shop.emulator.credentials(), WECHAT_MINIPROGRAM_APP_ID, 'alice'),
    })
    const { outTradeNo } = await ask('POST', '/payments/wechat/native', tea)
    await ask('POST', '/payments/wechat/h5', { ...tea, clientIp: '203.0.113.9' })
    await ask('POST', '/payments/wechat/app', tea)
    await ask('POST', '/payments/wechat/micropay', { ...tea, authCode: shop.showCode('wechat') })
    await paid(outTradeNo)
    await ask('GET', `/payments/wechat/query/${outTradeNo}`)
    await ask('GET', `/payments/wechat/payment/${outTradeNo}`)
    await ask('POST', '/payments/wechat/refund', { outTradeNo, refundAmount: 1.99 })
    await ask('POST', '/payments/wechat/close', { outTradeNo: (await ask('POST', '/payments/wechat/native', tea)).outTradeNo })
    await ask('GET', '/payments')
  })

  it('webhooks and events', async () => {
    const { endpointId } = await ask('POST', '/webhook-endpoints', { url: `${receiver.origin}/hook` })
    const { orderId } = await ask('POST', '/orders', { subject: 'Tea', amount: '1' })
    await shop.eventually(
      async () => receiver.letters.length,
      (count) => count > 0,
    )
    const [{ id }] = (await ask('GET', `/events?orderId=${orderId}`)).items
    await ask('GET', `/events/${id}`)
    await ask('POST', `/events/${id}/resend`, { endpointId })
    await ask('GET', '/webhook-endpoints')
    await ask('GET', `/webhook-endpoints/${endpointId}`)
    await ask('PATCH', `/webhook-endpoints/${endpointId}`, { types: ['payment.succeeded'] })
    await ask('POST', `/webhook-endpoints/${endpointId}/rotate-secret`)
    await ask('DELETE', `/webhook-endpoints/${endpointId}`)
  })

  it('products, numbers and a day’s bill', async () => {
    const { productId } = await ask('POST', '/products', { title: 'Cup', price: '12.50' })
    await ask('GET', '/products')
    await ask('GET', `/products/${productId}`)
    await ask('PATCH', `/products/${productId}`, { price: '13' })
    await ask('DELETE', `/products/${productId}`)
    await ask('GET', '/number-series')
    await ask('PATCH', '/number-series/refund', { form: 'sequence', prefix: 'RF', width: 8 })
    const date = chinaDay(asInstant(shop.emulator.now()))
    await shop.advance(Date.parse(`${date}T10:10:00+08:00`) + day - shop.emulator.now())
    await ask('POST', '/reconciliations', { date })
    await ask('GET', `/reconciliations/${date}`)
  })

  it('the cashier', async () => {
    const code = shop.emulator.mintCode({ person: 'alice', appid: shop.emulator.environment().WECHAT_MINIPROGRAM_APP_ID })
    const { token } = await ask('POST', '/cashier/session', { code, app: 'miniprogram' }, '')
    const [{ productId }] = (await ask('GET', '/cashier/products', undefined, '')).items
    await ask('GET', `/cashier/products/${productId}`, undefined, '')
    const { orderId } = await ask('POST', '/cashier/orders', { items: [{ productId, quantity: 1 }] }, token)
    await ask('POST', `/cashier/orders/${orderId}/pay`, { payType: 'MINIPROGRAM' }, token)
    await ask('GET', '/cashier/orders', undefined, token)
    await ask('POST', `/cashier/orders/${orderId}/cancel`, undefined, token)
    await ask('GET', `/cashier/orders/${orderId}`, undefined, token)
    await follow(`/cashier/orders/${orderId}/events`, token)
  })

  it('the link of an order', async () => {
    const { orderId, cashierUrl } = await ask('POST', '/orders', { subject: 'Tea', amount: '1', returnUrl: 'https://shop.example/done' })
    const { search } = new URL(cashierUrl)
    const link = `/cashier/links/${orderId}`
    await ask('GET', link + search, undefined, '')
    await ask('POST', `${link}/pay${search}`, { channel: 'wechat' }, '')
    await paid(orderId)
    await ask('GET', link + search, undefined, '')
    const stream = await fetch(`${shop.origin()}/api/v1${link}/events${search}`)
    expect(await stream.text()).toContain('event: status')
    note('GET', `${link}/events`)
  })

  it('notifications', async () => {
    const { orderId } = await ask('POST', '/orders', { subject: 'Tea', amount: '1' })
    await ask('POST', `/orders/${orderId}/pay`)
    shop.mail.isHeld = true
    await shop.phone(orderId)
    const [letter] = shop.mail.letters
    if (!letter) throw new Error('nothing was sent')

    for (const url of [letter.url, `${letter.url}/default`]) {
      expect((await deliver({ ...letter, url })).status).toBe(204)
      note('POST', new URL(url).pathname.replace('/api/v1', ''))
    }
  })

  it('and leaves nothing out', () => {
    const described = Object.values(apiDocument.paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId))

    expect(described.filter((name) => !done.has(name))).toEqual([])
    expect([...done].filter((name) => !described.includes(name))).toEqual([])
  })
})
