import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { makeApiKeys } from '../../../server/identity/api-keys.ts'
import { listAudit } from '../../../server/store/audit.ts'
import { asOwnId, defaultMerchant } from '../../../shared/kernel/ids.ts'
import type { Scope } from '../../../shared/kernel/scopes.ts'
import { asInstant } from '../../../shared/kernel/time.ts'
import type { Data } from '../../support/client.ts'
import { type Shop, startShop } from '../../support/shop.ts'

let shop: Shop
let paid: Data
beforeAll(async () => {
  shop = await startShop()
  paid = await shop.order()
  await shop.pay(paid.orderId)
  await shop.phone(paid.orderId)
  await shop.until(paid.orderId, ({ status }) => status === 'succeeded')
})
afterAll(() => shop.close())

/** Keys as the command line makes them, under the shop's clock. */
function keys<T>(work: (apiKeys: ReturnType<typeof makeApiKeys>) => Promise<T>): Promise<T> {
  const runtime = {
    now: () => asInstant(shop.emulator.now()),
    randomBytes: (count: number) => crypto.getRandomValues(new Uint8Array(count)),
  }
  return shop.query((db) => work(makeApiKeys({ db, runtime, bootstrap: undefined })))
}
async function aKey(scopes?: readonly Scope[], more: { merchant?: string; expiresInMs?: number } = {}) {
  const merchantId = asOwnId('MerchantId', more.merchant ?? defaultMerchant)
  const expiresAt = more.expiresInMs === undefined ? undefined : asInstant(shop.emulator.now() + more.expiresInMs)
  const { key, keyId } = await keys((apiKeys) => apiKeys.create({ merchantId, name: 'till', scopes, expiresAt, mode: 'live' }))
  return { key: key.reveal(), keyId, merchantId }
}

describe('a key with scopes', () => {
  it.each([
    ['read', [200, 403, 403]],
    ['pay', [403, 201, 403]],
    ['refund', [403, 403, 201]],
  ] as Array<[Scope, number[]]>)('%s may do that, and is told what it lacks for the rest', async (scope, statuses) => {
    const { key } = await aKey([scope])

    const answers = [
      await shop.request('GET', '/orders', { token: key }),
      await shop.request('POST', '/orders', { token: key, body: { subject: 'Tea', amount: '1.00' } }),
      await shop.request('POST', `/orders/${paid.orderId}/refunds`, { token: key, body: { amount: '0.01' } }),
    ]

    expect(answers.map(({ status }) => status)).toEqual(statuses)
    for (const { status, body } of answers) if (status === 403) expect(body.code).toBe('NOAUTH')
  })

  it('without a word about them may do everything', async () => {
    const { key } = await aKey()
    expect(key).toMatch(/^sk_live_[0-9A-Z]{32}$/)
    expect((await shop.request('GET', '/orders', { token: key })).status).toBe(200)
  })
})

describe('a key that ends', () => {
  it('opens the doors until then, and none after', async () => {
    const { key } = await aKey(undefined, { expiresInMs: 60_000 })
    expect((await shop.request('GET', '/orders', { token: key })).status).toBe(200)
    await shop.advance(61_000)
    expect((await shop.request('GET', '/orders', { token: key })).status).toBe(401)
  })

  it('is replaced by one that may do the same, and both are good for a while', async () => {
    const before = await aKey(['read'])
    const made = await keys((apiKeys) => apiKeys.rotate(before.merchantId, before.keyId, 60_000))
    const after = String(made?.key.reveal())
    const statuses = async () => [
      (await shop.request('GET', '/orders', { token: before.key })).status,
      (await shop.request('GET', '/orders', { token: after })).status,
      (await shop.request('POST', '/orders', { token: after, body: { subject: 'Tea', amount: '1.00' } })).status,
    ]

    expect(await statuses()).toEqual([200, 200, 403])
    await shop.advance(61_000)
    expect(await statuses()).toEqual([401, 200, 403])
    expect(await keys((apiKeys) => apiKeys.rotate(before.merchantId, before.keyId, 60_000))).toBeUndefined()
  })
})

it('no key is in the store, nor in a list of keys', async () => {
  const { key, merchantId } = await aKey()
  const listed = JSON.stringify(await keys((apiKeys) => apiKeys.list(merchantId)))

  expect(listed).not.toContain(key)
  expect(listed).toContain(`sk_live_…${key.slice(-4)}`)
  expect(JSON.stringify(shop.logged)).not.toContain(key)
})

it('what a key did is written down, once; what it looked at or was refused is not', async () => {
  const { key, keyId, merchantId } = await aKey(undefined, { merchant: 'mer_audited' })
  const once = { 'idempotency-key': 'audited-1' }
  const body = { subject: 'Tea', amount: '1.00' }
  const { data: order } = await shop.request('POST', '/orders', { token: key, body, headers: once })
  await shop.request('POST', '/orders', { token: key, body, headers: once })
  await shop.request('GET', '/orders', { token: key })
  await shop.request('POST', '/orders', { token: key, body: { subject: '' } })

  const rows = await shop.query((db) => listAudit(db, merchantId, 10))

  expect(rows).toMatchObject([{ actor: keyId, action: 'POST /api/v1/orders', subject: order.orderId, clientIp: '127.0.0.1' }])
})

describe('two merchants on one server', () => {
  it('may use the same numbers, and each pays, sees and refunds its own', async () => {
    const other = await aKey(undefined, { merchant: 'mer_second' })
    const orderId = 'SAMENUMBER01'
    const mine = await shop.order({ orderId, amount: '1.00' })
    const theirs = (await shop.request('POST', '/orders', { token: other.key, body: { orderId, subject: 'Theirs', amount: '2.00' } })).data
    const [first, second] = [await shop.pay(orderId), await shop.request('POST', `/orders/${orderId}/pay`, { token: other.key, body: {} })]

    expect([mine.amount, theirs.amount]).toEqual(['1.00', '2.00'])
    expect(second.data.outTradeNo).not.toBe(first.data.outTradeNo)
    await shop.phone(second.data.outTradeNo)
    const paidByThem = await shop.eventually(
      async () => (await shop.request('GET', `/orders/${orderId}`, { token: other.key })).data,
      ({ status }) => status === 'succeeded',
    )
    expect(paidByThem).toMatchObject({ amount: '2.00', subject: 'Theirs' })
    expect((await shop.read(orderId)).status).toBe('pending')
    expect((await shop.request('GET', '/orders', { token: other.key })).data.items).toHaveLength(1)
    expect(
      (await shop.request('GET', '/events', { token: other.key })).data.items.every((event: Data) => event.data.amount === '2.00'),
    ).toBe(true)
  })
})
