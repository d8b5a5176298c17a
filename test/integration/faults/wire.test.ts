import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Data } from '../../support/client.ts'
import type { Shop } from '../../support/shop.ts'
import { bodyPlaces, raw, startShopOnLine } from './instances.ts'
import type { Line } from './line.ts'

let shop: Shop
let line: Line
let end: () => Promise<void>
let alice: Awaited<ReturnType<Shop['payer']>>
let order: Data
beforeAll(async () => {
  const started = await startShopOnLine()
  shop = started.shop
  line = started.line
  end = started.end
  alice = await shop.payer('alice')
  order = await alice.order()
})
afterAll(() => end())

describe('headers', () => {
  const ask = (headers: string) => raw(shop, `GET /api/v1/orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n\r\n`)

  it.each([
    ['of 65 letters', 'x'.repeat(65)],
    ['of 8 KiB', 'x'.repeat(8192)],
    ['with a blank', 'a b'],
    ['with markup', '<b>'],
    ['that is empty', ''],
    ['with bytes above ASCII', 'ä'],
  ])('F-078: a request id %s is replaced', async (_name, id) => {
    const answer = await ask(`X-Request-Id: ${id}`)

    expect(answer).toMatch(/\r\nx-request-id: req_[0-9a-z]{26}\r\n/i)
    if (id !== '') expect(shop.logged.some((record) => record.requestId === id)).toBe(false)
  })

  it('the id of a request goes along with what is asked of the channel for it', async () => {
    const { orderId } = await shop.order()
    await shop.request('POST', `/orders/${orderId}/pay`, { body: {}, headers: { 'x-request-id': 'night-7' } })
    await shop.request('POST', `/orders/${orderId}/check`, { headers: { 'x-request-id': 'night-8' } })

    const about = line.heard.filter(({ url, body }) => `${url}${body}`.includes(orderId))
    expect(about.map(({ headers }) => headers['x-request-id'])).toEqual(['night-7', 'night-8'])
  })

  it('F-078: a line feed in one starts no other, and a NUL is refused', async () => {
    expect(await ask('X-Request-Id: a\nX-Injected: 1')).not.toMatch(/x-injected/i)
    expect(await ask('X-Request-Id: a\u0000b')).toMatch(/^HTTP\/1.1 400 /)
  })

  it.each(['a@b', 'evil.example', 'localhost', '127.0.0.1', 'evil.example:80#', '[::1]', 'a,b'])(
    'F-078: Host: %s names nothing in what is sent to the channel',
    async (host) => {
      const made = await shop.order()
      const text = await raw(
        shop,
        `POST /api/v1/orders/${made.orderId}/pay HTTP/1.1\r\nHost: ${host}\r\nX-Forwarded-Host: evil.example\r\nAuthorization: Bearer ${shop.key}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
      )

      expect(text).toMatch(/^HTTP\/1.1 200 /)
      expect(shop.emulator.payments.find(made.orderId).notifyUrl).toBe(`${shop.origin()}/api/v1/payments/wechat/notify`)
      expect(text).not.toContain(host === '127.0.0.1' ? 'evil' : host)
    },
  )

  it('F-078: X-Forwarded-For is believed only from a proxy that is trusted', async () => {
    const made = await alice.order()
    await shop.request('POST', `/cashier/orders/${made.orderId}/pay`, {
      body: { payType: 'MWEB' },
      token: alice.token,
      headers: { 'x-forwarded-for': '203.0.113.99', 'x-real-ip': '203.0.113.98', forwarded: 'for=203.0.113.97' },
    })

    const sent = line.heard.find(({ body }) => body.includes(`"${made.orderId}"`))
    expect(JSON.parse(sent?.body ?? '{}').scene_info.payer_client_ip).toBe('127.0.0.1')
  })

  it('F-108: one called __proto__ changes nothing', async () => {
    const answer = await ask(`__proto__: isAdmin\r\nAuthorization: Bearer ${shop.key}`)

    expect(answer).toMatch(/^HTTP\/1.1 200 /)
    expect(Reflect.get({}, 'isAdmin')).toBeUndefined()
  })

  it('F-108: of 100 KB are refused with 431, and the connection ends', async () => {
    expect(await ask(`X-Long: ${'x'.repeat(100_000)}`)).toMatch(/^HTTP\/1.1 431 /)
  })
})

describe('bodies of another kind', () => {
  const inTemp = async () => (await readdir(tmpdir())).filter((name) => !name.startsWith('shouyin-') && !name.startsWith('bash'))
  const head = (length: number, more: string) =>
    `POST /api/v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${shop.key}\r\nContent-Length: ${length}\r\n${more}\r\n\r\n`

  it('F-108: a file upload is refused, and nothing is written to disk', async () => {
    const before = await inTemp()
    const form = new FormData()
    form.set('file', new Blob(['x'.repeat(50_000)]), '../../upload-of-a-test.txt')
    form.set('subject', 'Tea')

    for (const { method, path, token } of bodyPlaces(shop, { orderId: order.orderId, payerToken: alice.token })) {
      const answer = await fetch(`${shop.origin()}/api/v1${path}`, { method, body: form, headers: { authorization: `Bearer ${token}` } })
      const refused: Data = await answer.json()
      expect([answer.status, refused.code]).toEqual([415, 'INVALID_REQUEST'])
    }

    expect((await inTemp()).filter((name) => !before.includes(name) && name.includes('upload'))).toEqual([])
  })

  it('F-108: a gzip bomb is refused before it is opened', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' '))
    const before = process.memoryUsage().rss

    const answer = await raw(
      shop,
      Buffer.concat([Buffer.from(head(bomb.length, 'Content-Type: application/json\r\nContent-Encoding: gzip')), bomb]),
    )

    expect(answer).toMatch(/^HTTP\/1.1 415 /)
    expect(process.memoryUsage().rss - before).toBeLessThan(32 * 1024 * 1024)
  })

  it.each([
    ['shorter than it says', '{"subject":"Tea","amount":"1"}', 400, /^$|^HTTP\/1.1 (400|408) /],
    [
      'longer than it says',
      '{"subject":"Tea","amount":"1"}GET /api/v1/orders HTTP/1.1\r\n\r\n',
      30,
      /^HTTP\/1.1 201 [\s\S]*HTTP\/1.1 400 /,
    ],
  ])('F-108: a body %s makes no second order', async (_name, body, length, answered) => {
    const orders = async () => (await shop.query((db) => db.query.selectFrom('orders').select('order_id').execute())).length
    const before = await orders()
    const { hostname, port } = new URL(shop.origin())
    const socket = connect(Number(port), hostname)
    let text = ''
    const over = new Promise<void>((resolve) => socket.on('data', (chunk) => (text += chunk)).on('close', () => resolve()))
    socket.on('error', () => {})
    socket.write(head(length, 'Content-Type: application/json') + body)
    setTimeout(() => socket.end(), 200)
    await over

    expect(text).toMatch(answered)
    expect((await orders()) - before).toBe(length === 30 ? 1 : 0)
    expect((await shop.get('/orders?limit=1')).status).toBe(200)
  })

  it('F-108: two ways to say how long a body is are refused, and nothing behind it is taken for a request', async () => {
    const smuggled = `0\r\n\r\nPOST /api/v1/products HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${shop.key}\r\nContent-Type: application/json\r\nContent-Length: 47\r\n\r\n{"productId":"smuggled","title":"x","price":"1"}`

    const answer = await raw(shop, head(6, 'Transfer-Encoding: chunked\r\nContent-Type: application/json') + smuggled)

    expect(answer).toMatch(/^HTTP\/1.1 400 /)
    expect(answer.match(/HTTP\/1.1/g)).toHaveLength(1)
    expect((await shop.get('/products/smuggled')).status).toBe(404)
    expect((await shop.get('/orders?limit=1')).status).toBe(200)
  })
})
describe('ways round the doors', () => {
  const everyForward = {
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-host': 'localhost',
    'x-forwarded-proto': 'https',
    'x-forwarded-prefix': '/admin',
    'x-original-url': '/metrics',
    'x-rewrite-url': '/_emulator/state',
    'x-real-ip': '127.0.0.1',
    'x-http-method-override': 'DELETE',
    'x-method-override': 'DELETE',
    'x-debug': '1',
  }

  it.each([
    '/api/v1/orders',
    '/api/v1/orders?debug=1',
    '/api/v1/products?admin=true&_method=DELETE',
    '/api/v1/unmatched?key=sk_test_demo',
    '/api/v1//orders',
    '/API/V1/orders',
    '/api/v1/orders/',
  ])('F-110: %s is no weaker for Host: localhost and forwarded headers of any value', async (path) => {
    const headers = Object.entries(everyForward).map(([name, value]) => `${name}: ${value}`)
    const plain = await raw(shop, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${headers.join('\r\n')}\r\n\r\n`)

    expect(plain).toMatch(/^HTTP\/1.1 (401|404) /)
  })

  it.each(['TRACE', 'CONNECT', 'PROPFIND', 'PURGE', 'LINK', 'M-SEARCH', 'QUERY', 'FOO'])('F-110: %s is no method here', async (method) => {
    const target = method === 'CONNECT' ? 'x:80' : '/api/v1/orders'
    const answer = await raw(
      shop,
      `${method} ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${shop.key}\r\nX-Secret: 1\r\nConnection: close\r\n\r\n`,
    )

    expect(answer).toMatch(/^$|^HTTP\/1.1 (400|404|405|501) /)
    expect(answer).not.toContain('X-Secret')
  })

  it.each([
    '/_emulator/state',
    '/_emulator/faults',
    '/_emulator/clock',
    '/phone',
    '/debug',
    '/admin',
    '/.env',
    '/.git/config',
    '/server/main.ts',
    '/api/v1/_emulator/state',
    '/swagger',
    '/console',
  ])('F-110: %s is not there, by any method', async (path) => {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE'])
      expect((await fetch(shop.origin() + path, { method, headers: everyForward })).status).toBe(404)
  })

  it('F-110: the demo’s key opens nothing in a configured server', async () => {
    expect((await shop.get('/orders', 'sk_test_demo')).status).toBe(401)
  })
})
