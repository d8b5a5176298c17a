import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { sha256Hex } from '../../../server/lib/hmac.ts'
import { insertKey, revokeKey } from '../../../server/store/api-keys.ts'
import { asOrderId, asOwnId, defaultMerchant } from '../../../shared/kernel/ids.ts'
import { scopes } from '../../../shared/kernel/scopes.ts'
import { asInstant } from '../../../shared/kernel/time.ts'
import type { Answer, Data } from '../../support/client.ts'
import type { Shop } from '../../support/shop.ts'
import { figure, startShopOnLine } from './instances.ts'
import type { Line } from './line.ts'

let shop: Shop
let line: Line
let end: () => Promise<void>
let alice: Awaited<ReturnType<Shop['payer']>>
let bob: string
let order: Data
const revoked = 'sk_test_revoked_key_0001'
const strange = 'sk_test_another_merchant_0002'
beforeAll(async () => {
  const started = await startShopOnLine()
  shop = started.shop
  line = started.line
  end = started.end
  alice = await shop.payer('alice')
  bob = await shop.login('bob')
  order = await alice.order()
  const named = { name: 'till', scopes, createdAt: asInstant(0) }
  const old = { merchantId: defaultMerchant, keyId: asOwnId('KeyId', 'key_old') }
  await shop.query((db) => insertKey(db, { ...old, hash: sha256Hex(revoked), ...named }))
  await shop.query((db) => revokeKey(db, old, asInstant(1)))
  const other = { merchantId: asOwnId('MerchantId', 'mer_other'), keyId: asOwnId('KeyId', 'key_other') }
  await shop.query((db) => insertKey(db, { ...other, hash: sha256Hex(strange), ...named }))
})
afterAll(() => end())

const good = { subject: 'Tea', amount: '1.00' }

describe('text that makes slow patterns slow', () => {
  const texts = [
    ' '.repeat(50_000),
    `${'a'.repeat(50_000)}!`,
    '"'.repeat(50_000),
    '\\"'.repeat(25_000),
    '1'.repeat(50_000),
    `${'a.'.repeat(25_000)}@`,
    `${'%'.repeat(50_000)}`,
    '-'.repeat(50_000),
  ]
  const fields: Array<[string, string, (text: string) => unknown]> = [
    [
      'every field of an order',
      '/orders',
      (text) => ({
        subject: text,
        amount: text,
        currency: text,
        orderId: text,
        body: text,
        userId: text,
        metadata: { a: text, [text.slice(0, 9)]: text },
        returnUrl: `https://${text}`,
        goodsType: text,
      }),
    ],
    [
      'every field of a payment',
      '/orders/:id/pay',
      (text) => ({ channel: text, account: text, payType: text, openid: text, authCode: text, clientIp: text, returnUrl: text }),
    ],
    ['every field of a refund', '/orders/:id/refunds', (text) => ({ amount: text, reason: text, refundId: text })],
    ['every field of a product', '/products', (text) => ({ productId: text, title: text, price: text, currency: text, image: text })],
    ['a login', '/cashier/session', (text) => ({ code: text, app: text })],
  ]

  it.each(fields)('F-109: in %s costs under 50 ms', async (_name, path, body) => {
    for (const text of texts) {
      const sent = JSON.stringify(body(text.slice(0, Math.floor(95_000 / (Object.keys(Object(body(''))).length + 3) / 2))))
      await quick(() => shop.post(path.replace(':id', order.orderId), sent), [400, 401, 429])
    }
  })

  it.each([
    'x-forwarded-for',
    'forwarded',
    'accept-language',
    'content-type',
    'idempotency-key',
    'authorization',
    'x-request-id',
    'cookie',
    'accept',
  ])('F-109: in %s costs under 50 ms', async (name) => {
    for (const text of [
      ' , '.repeat(4000),
      `${'a'.repeat(12_000)}!`,
      '1.'.repeat(6000),
      ','.repeat(12_000),
      'q=0.1;'.repeat(2000),
      `Bearer ${'a'.repeat(12_000)}!`,
    ])
      await quick(() => shop.request('POST', '/orders', { body: good, headers: { [name]: text } }))
  })

  /** The best of three: other work of this process counts as well, and is not the same every time. */
  async function quick(work: () => Promise<Answer>, statuses?: number[]): Promise<void> {
    const costs: number[] = []
    for (let nth = 0; nth < 3 && (costs.length === 0 || Math.min(...costs) >= 50); nth++) {
      const before = process.cpuUsage()
      const { status } = await work()
      const { user, system } = process.cpuUsage(before)
      costs.push((user + system) / 1000)
      expect(status).toBeLessThan(500)
      if (statuses) expect(statuses).toContain(status)
    }
    expect(Math.min(...costs)).toBeLessThan(50)
  }
})

describe('names that look alike', () => {
  const pairs = [
    ['case', 'Alike-A1', 'alike-a1'],
    ['a blank behind', 'Alike-A1', 'Alike-A1 '],
    ['an accent', 'Alike-e1', 'Alike-é1'],
    ['width', 'Alike-A1', 'Ａlike-A1'],
  ] as const

  it.each(pairs)('F-106: order and product numbers that differ by %s are never the same', async (_name, one, other) => {
    await shop.post('/orders', { ...good, orderId: one })
    await shop.post('/products', { productId: one, title: 'x', price: '1' })

    const found = await shop.get(`/orders/${encodeURIComponent(other)}`)
    const product = await shop.get(`/products/${encodeURIComponent(other)}`)

    expect([found.status, product.status]).toEqual([404, 404])
  })

  it.each([
    ['case', 'Key-A', 'KEY-a'],
    ['a trailing dot', 'Key-A', 'Key-A.'],
  ])('F-106: idempotency keys that differ by %s are two', async (_name, one, other) => {
    const first = await shop.post('/orders', good, { 'idempotency-key': `${one}${_name.length}` })
    const second = await shop.post('/orders', good, { 'idempotency-key': `${other}${_name.length}` })

    expect([first.status, second.status]).toEqual([201, 201])
    expect(second.data.orderId).not.toBe(first.data.orderId)
  })

  it('F-106: refund numbers that differ by case are two refunds', async () => {
    const made = await shop.order()
    await shop.pay(made.orderId)
    await shop.phone(made.orderId)
    await shop.until(made.orderId, (seen) => seen.status === 'succeeded')

    await shop.refund(made.orderId, { refundId: 'Refund-A', amount: '1.00' })
    await shop.refund(made.orderId, { refundId: 'refund-a', amount: '1.00' })

    expect((await shop.read(made.orderId)).refunds.map((refund: Data) => refund.refundId).sort()).toEqual(['Refund-A', 'refund-a'])
    expect((await shop.get('/refunds/REFUND-A')).status).toBe(404)
  })

  it('F-106: text of every plane comes back byte for byte, on a server whose default is latin1, too', async () => {
    const text = 'Ω≈ç√ ä e\u0301 \u{1F372} \u{20BB7} \u{10FFFD} \u200d ﷽'
    const { orderId } = await shop.order({ subject: text, metadata: { [text.slice(0, 8)]: text } })

    const rows = await shop.query((db) =>
      db.query.selectFrom('orders').select('subject').where('order_id', '=', asOrderId(orderId)).execute(),
    )
    expect(Buffer.from(rows[0]?.subject ?? '').toString('hex')).toBe(Buffer.from(text).toString('hex'))
    expect((await shop.read(orderId)).metadata).toEqual({ [text.slice(0, 8)]: text })
  })
})

/** Something that a door takes, where it takes nothing less. */
function bodyFor(method: string, path: string, audience: string): object | undefined {
  if (path.endsWith('/pay') && audience === 'payer') return { payType: 'MINIPROGRAM' }
  if (path.includes('/products') && method === 'PATCH') return { title: 'stolen' }
  if (path.endsWith('/retry')) return { to: 'merchant' }
  if (path.endsWith('/settle')) return { outcome: 'closed', note: 'stolen' }
  return undefined
}

/** What was to end by now has ended. */
async function settled(): Promise<void> {
  await shop.advance(120_000)
  await shop.advance(120_000)
  const open = () =>
    shop.query(async ({ query }) => [
      ...(await query
        .selectFrom('orders')
        .select('order_id')
        .where('status', '=', 'pending')
        .where('expires_at', '<', asInstant(shop.emulator.now()))
        .execute()),
      ...(await query.selectFrom('refunds').select('order_id').where('status', 'in', ['pending', 'processing']).execute()),
    ])
  await shop.eventually(open, (rows) => rows.length === 0)
}

describe('every door and every caller', () => {
  async function doors(): Promise<Array<{ method: string; path: string; audience: string }>> {
    const document: Data = await (await fetch(`${shop.origin()}/openapi.json`)).json()
    return Object.entries<Data>(document.paths).flatMap(([path, methods]) =>
      Object.entries<Data>(methods).map(([method, operation]) => ({
        method: method.toUpperCase(),
        path: path.replace('/api/v1', ''),
        audience: operation.security[0]?.merchantKey ? 'merchant' : operation.security[0]?.session ? 'payer' : 'public',
      })),
    )
  }
  const everything = () =>
    shop.query(async (db) =>
      JSON.stringify([
        await db.query.selectFrom('orders').select(['order_id', 'status', 'refund_count', 'attempt_count']).orderBy('order_id').execute(),
        await db.query.selectFrom('attempts').select(['payment_id', 'status']).orderBy('payment_id').execute(),
        await db.query.selectFrom('refunds').select(['refund_id', 'status']).orderBy('refund_id').execute(),
        await db.query.selectFrom('products').selectAll().orderBy('product_id').execute(),
      ]),
    )

  it('F-111: only who may comes in; another merchant or payer finds nothing of ours; and nothing is changed', async () => {
    const mine = await alice.order()
    const paid = await shop.order()
    await shop.pay(paid.orderId)
    await shop.phone(paid.orderId)
    await shop.until(paid.orderId, (seen) => seen.status === 'succeeded')
    const refund = (await shop.refund(paid.orderId, { amount: '1.00' })).data
    await shop.advance(3000)
    await shop.eventually(
      () => shop.get(`/refunds/${refund.refundId}`),
      ({ data }) => data.status === 'succeeded',
    )
    const callers: Record<string, Array<[string, string]>> = {
      merchant: [
        ['nobody', ''],
        ['a payer', alice.token],
        ['a revoked key', revoked],
        ['another merchant', strange],
      ],
      payer: [
        ['nobody', ''],
        ['a merchant', shop.key],
        ['another payer', bob],
      ],
    }
    const all = await doors()
    await settled()
    const before = await everything()
    let knocks = 0

    for (const { method, path, audience } of all.filter((door) => door.audience !== 'public'))
      for (const [name, token] of callers[audience] ?? []) {
        // Ten wrong keys a minute are guesses; a minute for each would outlast the orders.
        if (knocks++ % 8 === 0) await shop.advance(61_000)
        const address = path
          .replace('{orderId}', audience === 'payer' ? mine.orderId : paid.orderId)
          .replace('{refundId}', refund.refundId)
          .replace('{productId}', 'cake')
          .replace('{date}', '2026-01-02')
        const body = bodyFor(method, path, audience)
        const takesNew = method === 'POST' && !path.includes('{')
        if (name.startsWith('another') && takesNew) continue
        const answer = await shop.request(method, address, { token, body })
        const isOwnList = name.startsWith('another') && !path.includes('{')
        expect([name, method, path, answer.status]).toEqual([name, method, path, isOwnList ? 200 : name.startsWith('another') ? 404 : 401])
        // The forms of numbers are each merchant's own, and nobody's secret.
        if (isOwnList && audience === 'merchant' && path !== '/number-series') expect(answer.data.items).toEqual([])
        if (isOwnList && audience === 'payer') expect(answer.text).not.toContain(mine.orderId)
        expect(answer.text).not.toContain(paid.transactionId ?? 'no transaction yet')
      }

    expect(await everything()).toBe(before)
    expect(all.length).toBeGreaterThan(20)
  }, 20_000)

  it('F-079: what is another’s is answered as what does not exist, to the letter', async () => {
    const same = (answer: Answer, id: string) => answer.text.replaceAll(id, 'ID').replace(/"requestId":"[^"]+"/, '')
    const none = 'D20990101000000000000'

    for (const [path, body] of [
      ['', undefined],
      ['/pay', { payType: 'MINIPROGRAM' }],
      ['/cancel', undefined],
      ['/events', undefined],
    ] as const) {
      const ask = (id: string) =>
        shop.request(path === '/pay' || path === '/cancel' ? 'POST' : 'GET', `/cashier/orders/${id}${path}`, { token: bob, body })
      const [theirs, missing] = [await ask(order.orderId), await ask(none)]

      expect(theirs.status).toBe(404)
      expect(same(theirs, order.orderId)).toBe(same(missing, none))
    }
  })

  it('F-102: GET and HEAD change nothing and ask the channel for no payment', async () => {
    const [mine, before] = [await alice.order(), line.heard.filter(({ method }) => method === 'POST').length]
    await settled()
    const rows = await everything()
    for (const { path, audience } of await doors())
      for (const verb of ['GET', 'HEAD'])
        if (!path.endsWith('/events'))
          await shop.request(
            verb,
            path
              .replace('{orderId}', mine.orderId)
              .replace('{refundId}', 'ref_1')
              .replace('{productId}', 'cake')
              .replace('{channel}', 'wechat')
              .replace('{account}', 'default'),
            {
              token: audience === 'payer' ? alice.token : shop.key,
              headers: { purpose: 'prefetch', 'user-agent': 'WeChat preview' },
            },
          )

    expect(await everything()).toBe(rows)
    expect(line.heard.filter(({ method }) => method === 'POST')).toHaveLength(before)
  })

  it('F-080: a thousand pay calls on one order cost the channel one, and others go on', async () => {
    const mine = await alice.order()
    const prepares = () => line.heard.filter(({ method, body }) => method === 'POST' && body.includes(`"${mine.orderId}"`)).length

    await alice.prepare(mine.orderId)
    const answers = await Promise.all(Array.from({ length: 300 }, () => alice.prepare(mine.orderId)))

    expect(answers.filter(({ status }) => status >= 500)).toEqual([])
    expect(prepares()).toBe(1)
    expect((await shop.read(mine.orderId)).attempts).toHaveLength(1)
    expect((await shop.post('/orders', good)).status).toBe(201)
    expect(await figure(shop, 'shouyin_http_requests_total', 'cashier/orders/:orderId/pay')).toBeGreaterThan(300)
  })
})
