import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Data } from '../../support/client.ts'
import { type Shop, startShop } from '../../support/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await startShop()
})
afterAll(() => shop.close())

describe('an address that is asked in a way it does not take', () => {
  it.each([
    ['DELETE', '/api/v1/orders', 'GET, HEAD, POST'],
    ['PUT', '/api/v1/orders/D00000000000000000000', 'GET, HEAD'],
    ['GET', '/api/v1/cashier/session', 'POST'],
    ['HEAD', '/api/v1/cashier/session', 'POST'],
    ['DELETE', '/api/v1/cashier/orders/D00000000000000000000/events', 'GET, HEAD'],
    ['GET', '/api/v1/payments/wechat/notify', 'POST'],
    ['GET', '/api/v1/payments/wechat/notify/default', 'POST'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['POST', '/openapi.json', 'GET, HEAD'],
    ['OPTIONS', '/api/v1/products/cake', 'DELETE, GET, HEAD, PATCH'],
  ])('%s %s is told what it takes: %s', async (method, path, taken) => {
    const answer = await fetch(shop.origin() + path, { method })

    expect(answer.status).toBe(405)
    expect(answer.headers.get('allow')?.split(', ').sort().join(', ')).toBe(taken)
    if (method !== 'HEAD') expect(await answer.json()).toMatchObject({ success: false, code: 'INVALID_REQUEST' })
  })

  it.each(['/', '/api', '/api/v1', '/api/v2/orders', '/openapiXjson', '/api/v1/orders/a/b/c', '//evil.example', '/api/v1/%2e%2e/metrics'])(
    '%s is not there at all',
    async (path) => {
      const answer = await fetch(shop.origin() + path)

      expect(answer.status).toBe(404)
      expect(await answer.json()).toMatchObject({ success: false, code: 'NOT_FOUND' })
    },
  )

  it.each(['%ff', '%E0%A4%A', '%00', '%0d%0aX-Injected:1'])('an order called %s is not there, and no mistake of ours', async (name) => {
    expect((await shop.get(`/orders/${name}`)).status).toBe(404)
  })

  it('no header turns one method into another', async () => {
    const answer = await shop.request('GET', '/products/cake', { headers: { 'x-http-method-override': 'DELETE' } })

    expect(answer.data.active).toBe(true)
  })
})

describe('every answer', () => {
  it.each(['/healthz', '/api/v1/orders', '/nowhere'])('of %s may be framed, cached or guessed at by nobody', async (path) => {
    const { headers } = await fetch(shop.origin() + path)

    expect(Object.fromEntries(headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    })
    expect([...headers.keys()].filter((name) => name.startsWith('access-control') || name === 'x-powered-by')).toEqual([])
  })
})

describe('the OpenAPI document', () => {
  const read = async (): Promise<Data> => (await fetch(`${shop.origin()}/openapi.json`)).json()

  it('describes every address of the interface, streams and notifications too', async () => {
    const { paths } = await read()

    expect(Object.keys(paths).filter((path) => !path.startsWith('/api/v1/'))).toEqual([])
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining([
        '/api/v1/orders',
        '/api/v1/orders/{orderId}/timeline',
        '/api/v1/refunds/{refundId}',
        '/api/v1/unmatched',
        '/api/v1/cashier/session',
        '/api/v1/cashier/orders/{orderId}/events',
        '/api/v1/payments/{channel}/notify',
        '/api/v1/payments/{channel}/notify/{account}',
      ]),
    )
    expect(paths['/api/v1/cashier/orders/{orderId}/events'].get).toMatchObject({
      security: [{ session: [] }],
      responses: { 200: { content: { 'text/event-stream': {} } } },
    })
  })

  it('names the parameters that stand in each path, and who may call', async () => {
    for (const [path, methods] of Object.entries<Data>((await read()).paths))
      for (const operation of Object.values<Data>(methods)) {
        const named = (operation.parameters ?? []).filter((one: Data) => one.in === 'path').map((one: Data) => one.name)
        expect(new Set(named)).toEqual(new Set([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)))
        expect(Array.isArray(operation.security)).toBe(true)
        expect(operation.summary).not.toBe('')
      }
  })

  it('shows money as it goes in: text or number, with an example', async () => {
    const { paths } = await read()
    const { properties, required, additionalProperties } = paths['/api/v1/orders'].post.requestBody.content['application/json'].schema

    expect(properties.amount).toMatchObject({ type: ['string', 'number'], example: '99.99' })
    expect(new Set(required)).toEqual(new Set(['amount', 'subject']))
    expect(additionalProperties).toBe(false)
  })
})
