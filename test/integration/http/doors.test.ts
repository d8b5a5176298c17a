import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Data } from '../../support/client.ts'
import { type Shop, startShop } from '../../support/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await startShop()
})
afterAll(() => shop.close())

const audiences: Readonly<Record<string, string>> = { merchantKey: 'merchant', session: 'payer', orderLink: 'link' }

/** Every door the server describes, with an order of alice's where one is named. */
async function doors(): Promise<Array<{ method: string; path: string; audience: string }>> {
  const document: Data = await (await fetch(`${shop.origin()}/openapi.json`)).json()
  return Object.entries<Data>(document.paths).flatMap(([path, methods]) =>
    Object.entries<Data>(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path: path.replace('/api/v1', ''),
      audience: audiences[Object.keys(operation.security[0] ?? {})[0] ?? ''] ?? 'public',
    })),
  )
}

describe('every door', () => {
  it('is described with an audience, and closed to everybody else', async () => {
    const alice = await shop.payer('alice')
    const order = await alice.order()
    const bob = await shop.login('bob')
    const forged = `${alice.token.slice(0, -3)}xyz`
    const all = await doors()

    expect(all.length).toBeGreaterThan(20)
    expect(new Set(all.map(({ audience }) => audience))).toEqual(new Set(['merchant', 'payer', 'link', 'public']))
    for (const { method, path, audience } of all.filter((door) => door.audience === 'merchant' || door.audience === 'payer')) {
      const address = path.replace('{orderId}', order.orderId).replace('{refundId}', 'ref_none').replace('{productId}', 'cake')
      const wrong = audience === 'merchant' ? ['', 'sk_test_wrong_key', alice.token] : ['', forged, shop.key]
      for (const token of wrong) {
        const answer = await shop.request(method, address, {
          token,
          ...(method === 'GET' || method === 'DELETE' ? {} : { body: {} }),
          headers: { 'x-forwarded-for': '127.0.0.1' },
        })
        expect([401, 429]).toContain(answer.status)
      }
      if (audience === 'payer' && path.includes('{orderId}'))
        expect(
          (await shop.request(method, address, { token: bob, ...(path.endsWith('/pay') ? { body: { payType: 'MINIPROGRAM' } } : {}) }))
            .status,
        ).toBe(404)
    }
  })

  it('of a link is closed without the key of its very order, whoever knocks', async () => {
    const [order, other] = [await shop.order({ subject: 'Nobody sees this' }), await shop.order()]
    const alice = await shop.login('alice')
    const keyOfOther = new URL(other.cashierUrl).searchParams.get('k')
    const links = (await doors()).filter(({ audience }) => audience === 'link')

    expect(links.length).toBeGreaterThan(2)
    for (const { method, path } of links)
      for (const query of ['', `?k=${keyOfOther}`])
        for (const token of ['', alice, shop.key]) {
          await shop.advance(61_000)
          const answer = await shop.request(method, path.replace('{orderId}', order.orderId) + query, {
            token,
            ...(method === 'GET' ? {} : { body: {} }),
          })
          expect(answer.status).toBe(404)
          expect(answer.text).not.toContain('Nobody')
        }
  })

  it('answers ten wrong keys of a minute, then asks to wait, and lets others in', async () => {
    await shop.advance(61_000)
    const statuses: number[] = []
    for (let nth = 0; nth < 12; nth++) statuses.push((await shop.get('/orders', `sk_test_guess_${nth}xx`)).status)

    expect(statuses.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 401))
    expect(statuses.slice(10)).toEqual([429, 429])
    expect((await shop.get('/orders')).status).toBe(200)
  })

  it('of the emulator and of tests does not exist in the server', async () => {
    for (const path of ['/_emulator/state', '/phone', '/v3/certificates', '/api/v1/_emulator/state'])
      expect((await fetch(shop.origin() + path)).status).toBe(404)
  })
})

describe('the server tells how it is', () => {
  it('at /healthz, /readyz and /metrics', async () => {
    expect((await fetch(`${shop.origin()}/healthz`)).status).toBe(200)
    expect((await fetch(`${shop.origin()}/readyz`)).status).toBe(200)
    const metrics = await (await fetch(`${shop.origin()}/metrics`)).text()
    for (const name of [
      'shouyin_notifications_total',
      'shouyin_channel_calls_total',
      'shouyin_http_requests_total',
      'shouyin_alarms',
      'shouyin_task_oldest_due_seconds',
    ])
      expect(metrics).toContain(name)
  })

  it('with an OpenAPI document that names every schema it refers to', async () => {
    const document: Data = await (await fetch(`${shop.origin()}/openapi.json`)).json()
    const named = Object.keys(document.components.schemas)

    expect(document.openapi).toBe('3.1.1')
    for (const [, name] of JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)) expect(named).toContain(name)
  })
})

describe('the lists', () => {
  it('go from newest to oldest by cursor, each order once, while new ones arrive', async () => {
    for (let nth = 0; nth < 7; nth++) await shop.order({ subject: `L${nth}`, userId: 'list' })
    const seen: string[] = []
    let cursor = ''
    do {
      const { items, nextCursor } = (await shop.get(`/orders?limit=3${cursor}`)).data
      seen.push(...items.map((order: Data) => order.orderId))
      cursor = nextCursor === null ? '' : `&cursor=${nextCursor}`
      await shop.order({ subject: 'new' })
    } while (cursor !== '')

    expect(new Set(seen).size).toBe(seen.length)
    expect(seen.length).toBeGreaterThanOrEqual(7)
  })
})

describe('the live status of an order', () => {
  it('is told at once and at each change, and ends when there is nothing more to tell', async () => {
    const alice = await shop.payer('alice')
    const order = await alice.order()
    await alice.prepare(order.orderId)
    const stream = await fetch(`${shop.origin()}/api/v1/cashier/orders/${order.orderId}/events`, {
      headers: { authorization: `Bearer ${alice.token}` },
    })
    const text = stream.text()

    await shop.phone(order.orderId)
    const told = [...(await text).matchAll(/event: status\ndata: (.*)\n/g)].map(([, data]) => JSON.parse(data ?? '').status)

    expect(stream.headers.get('content-type')).toContain('text/event-stream')
    expect(told[0]).toBe('pending')
    expect(told.at(-1)).toBe('succeeded')
  })

  it('is the payer’s alone', async () => {
    const alice = await shop.payer('alice')
    const order = await alice.order()

    const stranger = await shop.get(`/cashier/orders/${order.orderId}/events`, await shop.login('bob'))

    expect(stranger.status).toBe(404)
  })
})
