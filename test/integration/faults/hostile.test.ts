import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Data } from '../../support/client.ts'
import type { Shop } from '../../support/shop.ts'
import { bodyPlaces, startShopOnLine } from './instances.ts'
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

const good = { subject: 'Tea', amount: '1.00' }
const json = { 'content-type': 'application/json' }

/** Bytes that something still refers to, in the heap and beside it. */
function held(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

describe('JSON that is made to hurt', () => {
  const nested = (levels: number, open = '[', close = ']') => `${open.repeat(levels)}${close.repeat(levels)}`
  const object = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`

  it.each<[string, string | Buffer, string]>([
    ['F-077: __proto__', '{"__proto__":{"isAdmin":true}}', 'PARAM_ERROR'],
    ['F-077: __proto__ in disguise', '{"\\u005f_proto__":{"isAdmin":true}}', 'PARAM_ERROR'],
    ['F-077: constructor.prototype', '{"constructor":{"prototype":{"isAdmin":true}}}', 'PARAM_ERROR'],
    ['F-077: constructor.prototype deep inside', '{"metadata":{"constructor":{"prototype":{"isAdmin":true}}}}', 'PARAM_ERROR'],
    ['F-077: half a character', '{"subject":"\\udfff","amount":"1"}', 'PARAM_ERROR'],
    ['F-077: 1e999', '{"subject":"Tea","amount":1e999,"expiresIn":1e999}', 'PARAM_ERROR'],
    ['F-077: a million levels', nested(50_000), 'PARAM_ERROR'],
    ['F-107: 8,000 levels of lists', nested(8000), 'PARAM_ERROR'],
    ['F-107: 2,700 levels of objects', object(2700), 'PARAM_ERROR'],
    ['F-107: 33 levels', object(33), 'PARAM_ERROR'],
    ['F-107: 8,000 levels that never end', '['.repeat(8000), 'PARAM_ERROR'],
    ['F-107: 40,000 members', `[${'0,'.repeat(40_000)}0]`, 'PARAM_ERROR'],
    ['F-107: 5,000 named members', `{${Array.from({ length: 5000 }, (_, nth) => `"m${nth}":1`).join()}}`, 'PARAM_ERROR'],
    ['F-107: a repeated amount', '{"subject":"Tea","amount":"1","amount":"2","price":"1","price":"2"}', 'PARAM_ERROR'],
    ['F-107: a byte order mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from('{"subject":"Tea"}')]), 'PARAM_ERROR'],
    ['F-107: UTF-16', Buffer.from('{"subject":"Tea"}', 'utf16le'), 'PARAM_ERROR'],
    ['F-107: bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]), 'PARAM_ERROR'],
    ['F-077: ten megabytes', `{"subject":"${'x'.repeat(10 * 1024 * 1024)}"}`, 'INVALID_REQUEST'],
  ])('%s is refused everywhere, and touches no prototype', async (_name, body, code) => {
    const isTooLong = code === 'INVALID_REQUEST'
    for (const { method, path, token } of bodyPlaces(shop, { orderId: order.orderId, payerToken: alice.token })) {
      const answer = await fetch(`${shop.origin()}/api/v1${path}`, {
        method,
        headers: { ...json, ...(token === '' ? {} : { authorization: `Bearer ${token}` }) },
        body: typeof body === 'string' ? body : new Uint8Array(body),
      }).catch((error: unknown) => {
        // A server that stopped reading may hang up while the rest is still being sent.
        if (isTooLong) return undefined
        throw error
      })
      if (answer === undefined) continue
      expect(answer.status).toBe(isTooLong ? 413 : 400)
      expect(await answer.json()).toMatchObject({ success: false, code })
    }
    expect(Reflect.get({}, 'isAdmin')).toBeUndefined()
  })

  it('F-077: leaves no memory behind', async () => {
    const once = async () => {
      for (const { method, path, token } of bodyPlaces(shop, { orderId: order.orderId, payerToken: alice.token }))
        await fetch(`${shop.origin()}/api/v1${path}`, {
          method,
          headers: { ...json, authorization: `Bearer ${token}` },
          body: `{"subject":"${'x'.repeat(2 * 1024 * 1024)}"}`,
        }).then(
          (answer) => answer.text(),
          () => '',
        )
    }
    await once()
    const before = held()
    for (let nth = 0; nth < 8; nth++) await once()

    // 128 MB were sent. What nothing refers to any more is given back a moment after the collection, by another thread.
    const grown = await shop.eventually(
      async () => held() - before,
      (bytes) => bytes < 16 * 1024 * 1024,
    )
    expect(grown).toBeLessThan(16 * 1024 * 1024)
  })
})

describe('the wrong type', () => {
  const wrong: unknown[] = [0, 1, true, [], ['a'], {}, { $ne: '' }, null]
  const places: Array<[string, string, (value: unknown) => unknown, string]> = [
    ['an order number', '/orders', (value) => ({ ...good, orderId: value }), 'orderId'],
    ['a subject', '/orders', (value) => ({ ...good, subject: value }), 'subject'],
    ['a user', '/orders', (value) => ({ ...good, userId: value }), 'userId'],
    ['a currency', '/orders', (value) => ({ ...good, currency: value }), 'currency'],
    ['a return address', '/orders', (value) => ({ ...good, returnUrl: value }), 'returnUrl'],
    ['a value of the metadata', '/orders', (value) => ({ ...good, metadata: { a: value } }), 'metadata.a'],
    ['a channel', '/orders/:id/pay', (value) => ({ channel: value }), 'channel'],
    ['an account', '/orders/:id/pay', (value) => ({ account: value }), 'account'],
    ['an openid', '/orders/:id/pay', (value) => ({ payType: 'JSAPI', openid: value }), 'openid'],
    ['a refund number', '/orders/:id/refunds', (value) => ({ refundId: value }), 'refundId'],
    ['a reason', '/orders/:id/refunds', (value) => ({ reason: value }), 'reason'],
    ['a product number', '/products', (value) => ({ title: 'x', price: '1', productId: value }), 'productId'],
    ['a title', '/products', (value) => ({ price: '1', title: value }), 'title'],
  ]

  it.each(places)('F-105: for %s is refused by its name, whatever it is', async (_name, path, body, field) => {
    for (const value of wrong) {
      const answer = await shop.post(path.replace(':id', order.orderId), body(value))

      expect([JSON.stringify(value), answer.status, answer.body.code]).toEqual([JSON.stringify(value), 400, 'PARAM_ERROR'])
      expect(answer.body.details.fields[0].path).toMatch(new RegExp(`^${field}`))
    }
  })

  it('F-105: for a product of a payer’s order is refused, and finds nothing', async () => {
    for (const value of wrong) {
      const answer = await shop.post('/cashier/orders', { items: [{ productId: value, quantity: 1 }] }, undefined, alice.token)

      expect(answer).toMatchObject({ status: 400, body: { code: 'PARAM_ERROR' } })
    }
  })

  it.each([
    'outTradeNo[]=a',
    'status[]=pending',
    'status[$ne]=x',
    'status=pending&status=closed',
    'from[]=1',
    'limit[]=1',
    'cursor[a]=1',
    '__proto__[a]=1',
  ])('F-105: ?%s is refused', async (query) => {
    expect(await shop.get(`/orders?${query}`)).toMatchObject({ status: 400, body: { code: 'PARAM_ERROR' } })
  })

  it('F-105: 0 in an address is no order, though the store might call every text equal to it', async () => {
    for (const name of ['0', '00', 'null', 'undefined', 'true', '%200', '0e0']) expect((await shop.get(`/orders/${name}`)).status).toBe(404)
  })
})

describe('text that looks like something else', () => {
  const texts = [
    "'; DROP TABLE orders; --",
    "' OR '1'='1",
    '<script>alert(1)</script>',
    '=HYPERLINK("http://evil")',
    '+1+1',
    '@SUM(A1)',
    '🍲👨‍👩‍👧‍👦🏳️‍🌈',
    '\u202Egnp.exe',
    'שלום عالم',
    '𠮷野家',
    'e\u0301 é',
    '{{7*7}} #{7*7} %00 %0d%0a',
    '../../etc/passwd',
    "\\'; \\u0000",
  ]

  it.each(texts)('F-078: %s comes back as it went in, wherever it stood', async (text) => {
    const asked = { subject: text, body: text, userId: text, amount: '1.00', metadata: { note: text, [`k${text.length}`]: text } }
    const made = await shop.order(asked)
    await shop.pay(made.orderId)
    await shop.phone(made.orderId)
    await shop.until(made.orderId, (seen) => seen.status === 'succeeded')
    const refunded = await shop.refund(made.orderId, { amount: '0.01', reason: text })

    const { subject, body, userId, metadata } = await shop.read(made.orderId)
    expect({ subject, body, userId, metadata }).toEqual({ subject: text, body: text, userId: text, metadata: asked.metadata })
    expect((await shop.get(`/refunds/${refunded.data.refundId}`)).data.reason).toBe(text)
  })

  it('F-078: too long for the channel is cut at the edge of a character, and kept whole here', async () => {
    for (const subject of ['🍲'.repeat(40), `x${'🍲'.repeat(40)}`, '茶'.repeat(127), `ab${'é'.repeat(80)}`]) {
      const made = await shop.order({ subject })
      expect((await shop.pay(made.orderId)).status).toBe(200)

      const sent = line.heard.find(({ body }) => body.includes(`"${made.orderId}"`))
      const { description } = JSON.parse(sent?.body ?? '{}')
      expect(Buffer.byteLength(description)).toBeLessThanOrEqual(127)
      expect(Buffer.byteLength(description)).toBeGreaterThan(123)
      expect(subject.startsWith(description)).toBe(true)
      expect(description.isWellFormed()).toBe(true)
      expect((await shop.read(made.orderId)).subject).toBe(subject)
    }
  })

  it.each(['a\r\nb', 'a\nb', 'a\u0000b', 'a\u001bb', 'a\tb', 'a\u007fb'])('F-078: %j in a line is refused, not cut', async (text) => {
    const answer = await shop.post('/orders', { ...good, subject: text })

    expect(answer).toMatchObject({ status: 400, body: { code: 'PARAM_ERROR', details: { fields: [{ path: 'subject' }] } } })
  })

  it.each([
    ['a line feed', 'https://shop.example/\r\nSet-Cookie: a=b'],
    ['8 KiB', `https://shop.example/${'a'.repeat(8192)}`],
    ['a script', 'javascript:alert(1)//https://shop.example'],
    ['a file', 'file:///etc/passwd'],
    ['data', 'data:text/html,<script>alert(1)</script>'],
    ['no scheme', '//evil.example'],
    ['backslashes', 'https:\\\\evil.example'],
  ])('F-078: a return address with %s is refused', async (_name, returnUrl) => {
    const answer = await shop.post('/orders', { ...good, returnUrl })

    expect(answer).toMatchObject({ status: 400, body: { code: 'PARAM_ERROR', details: { fields: [{ path: 'returnUrl' }] } } })
  })

  it.each(['https://shop.example/\u0000', 'https://shop.example/done?a=b&prepay_id=c#d', 'https://shop.example/%0d%0aX:1'])(
    'F-078: %j is one encoded member of the address the payer is sent to',
    async (returnUrl) => {
      const made = await shop.order({ returnUrl })

      const { data } = await shop.pay(made.orderId, { payType: 'MWEB' })

      expect(data.payUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/h5pay\?[\w=&%.~-]+$/)
      expect([...new URL(data.payUrl).searchParams.keys()]).toEqual(['prepay_id', 'redirect_url'])
    },
  )

  it.each([
    '..%2f..%2fetc%2fpasswd',
    '%2e%2e',
    '%2e%2e%2f',
    '..',
    'a%00b',
    'a%0d%0ab',
    'x'.repeat(8000),
    '%F0%9F%8D%B2',
    '<script>',
    "'%20OR%201=1",
  ])('F-078: %s is no order, refund or product', async (name) => {
    for (const path of [
      `/orders/${name}`,
      `/refunds/${name}`,
      `/products/${name}`,
      `/cashier/products/${name}`,
      `/orders/${name}/timeline`,
    ])
      expect([404, 400]).toContain((await shop.get(path)).status)
    expect((await shop.get(`/orders/${name}`)).status).toBe(404)
  })
})
