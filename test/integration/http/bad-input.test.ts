import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Shop, startShop } from '../../support/shop.ts'

let shop: Shop
let orderId: string
beforeAll(async () => {
  shop = await startShop()
  orderId = (await shop.order()).orderId
})
afterAll(() => shop.close())

const good = { subject: 'Tea', amount: '99.99' }
const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`

describe('an order that cannot be', () => {
  it.each<[string, unknown, string]>([
    ['amount 0', { ...good, amount: 0 }, 'amount'],
    ['amount "0.00"', { ...good, amount: '0.00' }, 'amount'],
    ['amount -1', { ...good, amount: -1 }, 'amount'],
    ['amount 0.001', { ...good, amount: 0.001 }, 'amount'],
    ['amount "99.999"', { ...good, amount: '99.999' }, 'amount'],
    ['amount 1e3 as a number', '{"subject":"Tea","amount":1e3}', 'amount'],
    ['amount 1.000 as a number', '{"subject":"Tea","amount":1.000}', 'amount'],
    ['amount "1e3"', { ...good, amount: '1e3' }, 'amount'],
    ['amount "+1"', { ...good, amount: '+1' }, 'amount'],
    ['amount " 1"', { ...good, amount: ' 1' }, 'amount'],
    ['amount "０.０１"', { ...good, amount: '０.０１' }, 'amount'],
    ['a huge amount', { ...good, amount: '9007199254740993' }, 'amount'],
    ['amount 1e999', '{"subject":"Tea","amount":1e999}', 'amount'],
    ['amount as a list', { ...good, amount: ['1'] }, 'amount'],
    ['amount as an object', { ...good, amount: { total: 1 } }, 'amount'],
    ['amount true', { ...good, amount: true }, 'amount'],
    ['amount null', { ...good, amount: null }, 'amount'],
    ['no amount', { subject: 'Tea' }, 'amount'],
    ['decimals in yen', { ...good, amount: '100.5', currency: 'JPY' }, 'amount'],
    ['an unknown currency', { ...good, currency: 'DOGE' }, 'currency'],
    ['no subject', { amount: '1' }, 'subject'],
    ['an empty subject', { ...good, subject: '' }, 'subject'],
    ['a subject of 128 characters', { ...good, subject: 'x'.repeat(128) }, 'subject'],
    ['a subject with a line feed', { ...good, subject: 'a\nb' }, 'subject'],
    ['a subject with NUL', { ...good, subject: 'a\u0000b' }, 'subject'],
    ['a subject that is a number', { ...good, subject: 7 }, 'subject'],
    ['half a character', '{"subject":"\\ud800","amount":"1"}', 'body'],
    ['an unknown member', { ...good, colour: 'red' }, 'colour'],
    ['an order number that is a number', { ...good, orderId: 123456 }, 'orderId'],
    ['an order number of five letters', { ...good, orderId: 'abcde' }, 'orderId'],
    ['an order number with a slash', { ...good, orderId: '../../etc' }, 'orderId'],
    ['an expiry of a second', { ...good, expiresIn: 1 }, 'expiresIn'],
    ['an expiry of half a minute more', { ...good, expiresIn: 90.5 }, 'expiresIn'],
    ['metadata that is a list', { ...good, metadata: ['a'] }, 'metadata'],
    ['metadata that holds an object', { ...good, metadata: { a: {} } }, 'metadata.a'],
    [
      'metadata of 21 members',
      { ...good, metadata: Object.fromEntries(Array.from({ length: 21 }, (_, nth) => [`m${nth}`, ''])) },
      'metadata',
    ],
    ['a return address that is a script', { ...good, returnUrl: 'javascript:alert(1)' }, 'returnUrl'],
    ['__proto__', '{"subject":"Tea","amount":"1","__proto__":{"a":1}}', 'body'],
    ['a member named twice', '{"subject":"Tea","amount":"1","amount":"2"}', 'body'],
    ['a member named twice, once in disguise', '{"subject":"Tea","amount":"1","\\u0061mount":"2"}', 'body'],
    ['JSON 40 levels deep', deep(40), 'body'],
    ['JSON 8,000 levels deep', deep(8000), 'body'],
    ['1,001 members', JSON.stringify(Array.from({ length: 1002 }, () => 1)), 'body'],
    ['no JSON', '{"subject":', 'body'],
    ['a list', '[]', 'body'],
    ['text', '"tea"', 'body'],
  ])('%s: PARAM_ERROR that names the field', async (_name, body, field) => {
    const answer = await shop.post('/orders', body)

    expect(answer).toMatchObject({ status: 400, body: { success: false, code: 'PARAM_ERROR', requestId: expect.stringMatching(/^req_/) } })
    expect(answer.body.details.fields.map((one: { path: string }) => one.path)).toContain(field)
    expect(answer.body.error).toContain(field)
  })

  it('all that is wrong is said at once', async () => {
    const answer = await shop.post('/orders', { subject: '', amount: '0', currency: 'X', colour: 1 })

    expect(answer.body.details.fields.map((one: { path: string }) => one.path)).toEqual(
      expect.arrayContaining(['subject', 'currency', 'colour']),
    )
  })

  it('leaves Object.prototype alone', () => {
    expect(Reflect.get({}, 'a')).toBeUndefined()
  })
})

describe('a request that cannot be read', () => {
  it.each<[string, RequestInit, number, string]>([
    ['another content type', { headers: { 'content-type': 'text/plain' }, body: '{}' }, 415, 'INVALID_REQUEST'],
    ['a form', { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'a=1' }, 415, 'INVALID_REQUEST'],
    ['multipart', { headers: { 'content-type': 'multipart/form-data; boundary=x' }, body: '--x--' }, 415, 'INVALID_REQUEST'],
    [
      'a compressed body',
      { headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' }, body: 'xx' },
      415,
      'INVALID_REQUEST',
    ],
    [
      'a body of 1 MB',
      { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ subject: 'x'.repeat(1024 * 1024) }) },
      413,
      'INVALID_REQUEST',
    ],
    [
      'bytes that are no UTF-8',
      { headers: { 'content-type': 'application/json' }, body: Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]) },
      400,
      'PARAM_ERROR',
    ],
    ['no body', { headers: {} }, 400, 'PARAM_ERROR'],
  ])('%s', async (_name, init, status, code) => {
    const answer = await fetch(`${shop.origin()}/api/v1/orders`, {
      method: 'POST',
      ...init,
      headers: { authorization: `Bearer ${shop.key}`, ...Object.fromEntries(new Headers(init.headers)) },
    })

    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject({ success: false, code })
  })

  it('headers of 100 KB are refused in the envelope', async () => {
    const answer = await fetch(`${shop.origin()}/api/v1/orders`, { headers: { 'x-long': 'x'.repeat(100_000) } }).catch(() => undefined)

    expect(answer === undefined || answer.status === 431).toBe(true)
  })

  it.each([
    ['GET', '/nowhere', 404, 'NOT_FOUND'],
    ['DELETE', '/orders', 405, 'INVALID_REQUEST'],
    ['PUT', '/orders', 405, 'INVALID_REQUEST'],
    ['GET', '/orders/%2e%2e%2fetc', 404, 'NOT_FOUND'],
    ['GET', '/orders/D00000000000000000000', 404, 'NOT_FOUND'],
    ['GET', '/orders?limit=0', 400, 'PARAM_ERROR'],
    ['GET', '/orders?limit=101', 400, 'PARAM_ERROR'],
    ['GET', '/orders?limit=1e1', 400, 'PARAM_ERROR'],
    ['GET', '/orders?limit=0x10', 400, 'PARAM_ERROR'],
    ['GET', '/orders?limit=%2010', 400, 'PARAM_ERROR'],
    ['GET', '/orders?cursor=nonsense', 400, 'PARAM_ERROR'],
    ['GET', '/orders?status=paid', 400, 'PARAM_ERROR'],
    ['GET', '/orders?from=yesterday', 400, 'PARAM_ERROR'],
    ['GET', '/orders?from=2026-01-02 03:04:05+08:00', 400, 'PARAM_ERROR'],
    ['GET', '/orders?status[]=pending', 400, 'PARAM_ERROR'],
    ['GET', '/refunds/none', 404, 'NOT_FOUND'],
  ])('%s %s is %i %s', async (method, path, status, code) => {
    expect(await shop.request(method, path)).toMatchObject({ status, body: { code } })
  })
})

describe('the rest of the interface', () => {
  it.each<[string, string, unknown, string]>([
    ['an unknown way to pay', 'pay', { payType: 'CASH' }, 'payType'],
    ['a way this account lacks', 'pay', { channel: 'alipay', payType: 'APP' }, 'payType'],
    ['a code that is shown, but not given', 'pay', { payType: 'MICROPAY' }, 'authCode'],
    ['a code of no wallet', 'pay', { payType: 'MICROPAY', authCode: '990000000000000000' }, 'authCode'],
    ['a code where none is shown', 'pay', { payType: 'NATIVE', authCode: '130000000000000000' }, 'authCode'],
    ['JSAPI without an openid', 'pay', { payType: 'JSAPI' }, 'openid'],
    ['a channel that does not take the currency', 'pay', { channel: 'qfpay' }, 'channel'],
    ['an account that is not set up', 'pay', { channel: 'alipay', account: 'second' }, 'account'],
    ['an address that is none', 'pay', { payType: 'MWEB', clientIp: '999.1.1.1' }, 'clientIp'],
    ['a refund of nothing', 'refunds', { amount: '0' }, 'amount'],
    ['a refund with three decimals', 'refunds', { amount: '1.001' }, 'amount'],
    ['a reason of 81 characters', 'refunds', { reason: 'x'.repeat(81) }, 'reason'],
  ])('%s is refused with its field', async (_name, path, body, field) => {
    const answer = await shop.post(`/orders/${orderId}/${path}`, body)

    expect(answer).toMatchObject({ status: 400, body: { code: 'PARAM_ERROR' } })
    expect(answer.body.details.fields[0].path).toBe(field)
  })

  it.each<[string, unknown, string]>([
    ['no items', { items: [] }, 'items'],
    ['quantity 0', { items: [{ productId: 'cake', quantity: 0 }] }, 'items[0].quantity'],
    ['quantity -1', { items: [{ productId: 'cake', quantity: -1 }] }, 'items[0].quantity'],
    ['quantity 10^9', { items: [{ productId: 'cake', quantity: 1e9 }] }, 'items[0].quantity'],
    ['a price of the client’s own', { items: [{ productId: 'cake', quantity: 1, price: '0.01' }] }, 'items[0].price'],
    ['an amount of the client’s own', { items: [{ productId: 'cake', quantity: 1 }], amount: '0.01' }, 'amount'],
  ])('a payer’s order with %s is refused with its field', async (_name, body, field) => {
    const token = await shop.login()

    const answer = await shop.post('/cashier/orders', body, undefined, token)

    expect(answer).toMatchObject({ status: 400, body: { code: 'PARAM_ERROR' } })
    expect(answer.body.details.fields[0].path).toBe(field)
  })

  it('text of every kind comes back as it went in', async () => {
    const subject = "茶 🍵 <script>alert(1)</script> ' OR 1=1 -- ﷺ =1+1"
    const order = await shop.order({ subject, metadata: { note: 'line\nbreak 𠮷' } })

    expect(await shop.read(order.orderId)).toMatchObject({ subject, metadata: { note: 'line\nbreak 𠮷' } })
    expect((await shop.pay(order.orderId)).status).toBe(200)
  })

  it('order numbers are exact: case and blanks make another one', async () => {
    await shop.order({ orderId: 'Case-0001' })

    expect((await shop.get('/orders/case-0001')).status).toBe(404)
    expect((await shop.post('/orders', { ...good, orderId: 'case-0001' })).status).toBe(201)
  })

  it('a login code is good once, and only for its app', async () => {
    const code = shop.emulator.mintCode({ person: 'bob' })

    const first = await shop.post('/cashier/session', { code, app: 'miniprogram' }, undefined, '')
    const again = await shop.post('/cashier/session', { code, app: 'miniprogram' }, undefined, '')
    const other = await shop.post('/cashier/session', { code: shop.emulator.mintCode({ person: 'bob' }), app: 'official' }, undefined, '')

    expect(Object.keys(first.data)).toEqual(['token', 'expiresIn'])
    expect([again, other].map((answer) => [answer.status, answer.body.code])).toEqual([
      [401, 'UNAUTHORIZED'],
      [401, 'UNAUTHORIZED'],
    ])
  })

  it('a request id is taken when it is one, else made', async () => {
    const taken = await shop.request('GET', '/orders', { headers: { 'x-request-id': 'abc-1' } })
    const made = await shop.request('GET', '/orders', { headers: { 'x-request-id': 'a b' } })

    expect(taken.headers.get('x-request-id')).toBe('abc-1')
    expect(made.headers.get('x-request-id')).toMatch(/^req_/)
  })
})
