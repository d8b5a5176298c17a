import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { makeApiKeys } from '../../../server/identity/api-keys.ts'
import { asOwnId, defaultMerchant, type MerchantId } from '../../../shared/kernel/ids.ts'
import { asInstant } from '../../../shared/kernel/time.ts'
import type { Answer, Data } from '../../support/client.ts'
import { type Shop, startShop } from '../../support/shop.ts'
import { unmatchedMoneyOf } from '../../support/unmatched-money.ts'

type Door = { readonly method: string; readonly path: string; readonly audience: string }
type Caller = { readonly headers: () => Record<string, string>; readonly statuses: readonly number[] }

let shop: Shop
let doors: Door[]
/** What stands for the names in addresses: real things of the first merchant's. */
const real: Record<string, string> = {}
const secretWords = ['the first merchant’s secret tea', 'first-merchants-user']
const held: Record<string, string> = {}
beforeAll(async () => {
  shop = await startShop()
  const alice = await shop.payer('alice')
  const order = await shop.order({ subject: secretWords[0], userId: secretWords[1] })
  await shop.pay(order.orderId)
  await shop.phone(order.orderId)
  await shop.until(order.orderId, ({ status }) => status === 'succeeded')
  const refund = await shop.refund(order.orderId, { amount: '0.01' })
  const endpoint = (await shop.post('/webhook-endpoints', { url: 'https://shop.example.com/hook', description: secretWords[0] })).data
  const [event] = (await shop.get(`/events?orderId=${order.orderId}`)).data.items
  const names = {
    orderId: order.orderId,
    outTradeNo: order.orderId,
    refundId: refund.data.refundId,
    endpointId: endpoint.endpointId,
    eventId: event.id,
    unmatchedId: (await unmatchedMoneyOf(() => shop).strangeMoney()).item.unmatchedId,
  }
  Object.assign(real, names, { productId: 'cake', channel: 'wechat', date: '2026-01-01', series: 'order', account: 'default' })
  await makeTokens(alice)
  doors = await described()
}, 60_000)
afterAll(() => shop.close())

async function makeTokens(alice: { token: string }): Promise<void> {
  const soon = asInstant(shop.emulator.now() + 1000)
  const made = await shop.query(async (db) => {
    const runtime = {
      now: () => asInstant(shop.emulator.now()),
      randomBytes: (count: number) => crypto.getRandomValues(new Uint8Array(count)),
    }
    const apiKeys = makeApiKeys({ db, runtime, bootstrap: undefined })
    const make = async (merchantId: MerchantId, expiresAt?: typeof soon) => {
      const { key, keyId } = await apiKeys.create({ merchantId, name: 'x', expiresAt, mode: 'test' })
      return { key: key.reveal(), keyId, merchantId }
    }
    const revoked = await make(defaultMerchant)
    await apiKeys.revoke(revoked.merchantId, revoked.keyId)
    return { other: await make(asOwnId('MerchantId', 'mer_other')), ended: await make(defaultMerchant, soon), revoked }
  })
  Object.assign(held, {
    other: made.other.key,
    ended: made.ended.key,
    revoked: made.revoked.key,
    alice: alice.token,
    bob: await shop.login('bob'),
  })
  await shop.advance(2000)
}

async function described(): Promise<Door[]> {
  const document: Data = await (await fetch(`${shop.origin()}/openapi.json`)).json()
  return Object.entries<Data>(document.paths).flatMap(([path, methods]) =>
    Object.entries<Data>(methods).flatMap(([method, operation]) => {
      const audience = operation.security[0]?.merchantKey ? 'merchant' : operation.security[0]?.session ? 'payer' : undefined
      return audience === undefined ? [] : [{ method: method.toUpperCase(), path: path.replace('/api/v1', ''), audience }]
    }),
  )
}

const bearer = (token: string | undefined) => ({ authorization: `Bearer ${token}` })
const never = [401, 429]
/** Nobody of these has any business at a merchant's door. */
const strangersToMerchants: Array<[string, Caller]> = [
  ['nobody', { headers: () => ({}), statuses: [401] }],
  ['an empty key', { headers: () => bearer(''), statuses: [401] }],
  ['a key that was guessed', { headers: () => bearer('sk_live_00000000000000000000000000000000'), statuses: never }],
  ['a key that was revoked', { headers: () => bearer(held.revoked), statuses: never }],
  ['a key that has ended', { headers: () => bearer(held.ended), statuses: never }],
  ['a right key in small letters', { headers: () => bearer(shop.key.toUpperCase()), statuses: never }],
  ['a right key without its end', { headers: () => bearer(shop.key.slice(0, -1)), statuses: never }],
  ['a right key with more behind it', { headers: () => bearer(`${shop.key}0`), statuses: never }],
  [
    'a right key by Basic',
    { headers: () => ({ authorization: `Basic ${Buffer.from(`${shop.key}:`).toString('base64')}` }), statuses: [401] },
  ],
  ['a right key without its scheme', { headers: () => ({ authorization: shop.key }), statuses: [401] }],
  ['a right key in a header of its own', { headers: () => ({ 'x-api-key': shop.key }), statuses: [401] }],
  ['a right key in a cookie', { headers: () => ({ cookie: `key=${shop.key}; session=${shop.key}` }), statuses: [401] }],
  ['a payer', { headers: () => bearer(held.alice), statuses: never }],
  ['a signature of no algorithm', { headers: () => bearer('eyJhbGciOiJub25lIn0.eyJhdWQiOiJtZXJjaGFudCJ9.'), statuses: never }],
  ['another merchant', { headers: () => bearer(held.other), statuses: [404, 400, 409, 403] }],
]
const strangersToPayers: Array<[string, Caller]> = [
  ['nobody', { headers: () => ({}), statuses: [401] }],
  ['a merchant', { headers: () => bearer(shop.key), statuses: [401] }],
  ['a session that was changed', { headers: () => bearer(`${held.alice?.slice(0, -4)}AAAA`), statuses: [401] }],
  ['a session without a signature', { headers: () => bearer(held.alice?.split('.')[0]), statuses: [401] }],
  ['another payer', { headers: () => bearer(held.bob), statuses: [404, 400, 403] }],
]

const addressOf = (path: string) => path.replace(/\{(\w+)\}/g, (_, name: string) => real[name] ?? 'unknown-1')
const knock = ({ method, path }: Door, { headers }: Caller): Promise<Answer> =>
  shop.request(method, addressOf(path), {
    token: '',
    headers: headers(),
    ...(method === 'GET' || method === 'DELETE' ? {} : { body: bodyOf(path) }),
  })

/** A body that the door takes, so that nothing but the caller is wrong. */
function bodyOf(path: string): unknown {
  const outTradeNo = real.outTradeNo
  if (path.startsWith('/unmatched')) return path.endsWith('/assign') ? { orderId: real.orderId, note: 'x' } : { note: 'x' }
  if (path.startsWith('/payments') && path.endsWith('/close')) return { outTradeNo }
  if (path.endsWith('/refund')) return { outTradeNo, refundAmount: '0.01' }
  if (path.endsWith('/settle')) return { outcome: 'closed', note: 'x' }
  if (path.endsWith('/retry')) return { to: 'merchant' }
  if (path.startsWith('/cashier') && path.endsWith('/pay')) return { payType: 'MINIPROGRAM' }
  return {}
}

describe('every merchant’s door', () => {
  it.each(strangersToMerchants.slice(0, -1))('is closed to %s', async (_name, caller) => {
    for (const door of doors.filter(({ audience }) => audience === 'merchant')) {
      const answer = await knock(door, caller)
      expect([`${door.method} ${door.path}`, caller.statuses.includes(answer.status), answer.data]).toEqual([
        `${door.method} ${door.path}`,
        true,
        undefined,
      ])
    }
  })

  it('gives another merchant nothing of the first one’s, by whatever name it asks', async () => {
    const [, other] = strangersToMerchants.at(-1) ?? []
    if (!other) throw new Error('there is another merchant')
    const theirs = Object.values(real).filter((name) => name.length > 8 && name !== '2026-01-01')
    for (const door of doors.filter(({ audience }) => audience === 'merchant')) {
      const answer = await knock(door, other)
      const named = /\{(orderId|refundId|endpointId|eventId|outTradeNo|unmatchedId)\}/.test(door.path)
      if (named) expect([`${door.method} ${door.path}`, answer.status]).toEqual([`${door.method} ${door.path}`, 404])
      for (const word of secretWords) expect(answer.text).not.toContain(word)
      // What is refused may name what was asked for; what is answered may not.
      if (answer.status < 300) for (const name of theirs) expect(answer.text).not.toContain(name)
    }
    expect((await shop.get(`/webhook-endpoints/${real.endpointId}`)).status).toBe(200)
    expect((await shop.read(String(real.orderId))).refundedAmount).toBe('0.01')
    expect((await shop.get('/unmatched?status=open')).data.items).toMatchObject([{ unmatchedId: real.unmatchedId }])
  })
})

describe('every payer’s door', () => {
  it.each(strangersToPayers)('is closed to %s', async (name, caller) => {
    for (const door of doors.filter(({ audience }) => audience === 'payer')) {
      const isOnesOwn = name === 'another payer' && !door.path.includes('{')
      if (isOnesOwn) continue
      const answer = await knock(door, caller)
      expect([`${door.method} ${door.path}`, caller.statuses.includes(answer.status), answer.data]).toEqual([
        `${door.method} ${door.path}`,
        true,
        undefined,
      ])
    }
  })
})
