import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { listEventTypes } from '../../../server/store/events.ts'
import { asOrderId, defaultMerchant } from '../../../shared/kernel/ids.ts'
import type { Data } from '../../support/client.ts'
import { deliver, inParallel } from '../../support/deliver.ts'
import type { Shop } from '../../support/shop.ts'
import { figure, type Letter, paidWithLetter, startAnother, startShopOnLine } from './instances.ts'
import { type Line, signatureOf } from './line.ts'

const minute = 60_000
const inboxPath = '/api/v1/payments/wechat/notify'

let shop: Shop
let line: Line
let end: () => Promise<void>
beforeAll(async () => {
  const started = await startShopOnLine()
  shop = started.shop
  line = started.line
  end = started.end
})
afterAll(() => end())

const events = (orderId: string) => shop.query((db) => listEventTypes(db, defaultMerchant, asOrderId(orderId)))
const outcomes = (outcome: string, of: Shop = shop) => figure(of, 'shouyin_notifications_total', `outcome="${outcome}"`)
const rowsIn = (table: 'inbox' | 'unmatched' | 'events') =>
  shop.query(async (db) => (await db.query.selectFrom(table).select(db.query.fn.countAll<number>().as('count')).execute())[0]?.count)

/** The letter as it would be, had the channel put these bytes into it at that time. */
function signedAgain(letter: Letter, body: Uint8Array = letter.body, at: number = shop.emulator.now()): Letter {
  const key = shop.emulator.credentials().certificates.at(-1)
  if (!key) throw new Error('the channel has no certificate')
  return { ...letter, headers: { 'Content-Type': 'application/json', ...signatureOf(body, key, at) }, body }
}

function changed({ body }: Letter, how: (said: Data) => unknown): Buffer {
  return Buffer.from(JSON.stringify(how(JSON.parse(Buffer.from(body).toString()))))
}

/** A notification the channel never sent by itself, signed and sealed as all are; the status it was answered with. */
async function announced(event: string, resource: Data): Promise<number | undefined> {
  shop.mail.letters = []
  shop.mail.isHeld = true
  await shop.emulator.announce({ event, url: shop.origin() + inboxPath, outTradeNo: String(resource.out_trade_no), resource })
  shop.mail.isHeld = false
  const [letter] = shop.mail.letters
  return letter && (await deliver(letter)).status
}

/** What a notification about a payment holds. */
function tradeOf(orderId: string): Data {
  const payment = shop.emulator.payments.find(orderId)
  return shop.emulator.payments.wire({
    ...payment,
    state: 'SUCCESS',
    transactionId: `42000${orderId.slice(-20)}`,
    paidBy: 'o',
    paidAt: shop.emulator.now(),
  })
}

describe('a notification that is told again', () => {
  it('F-001: on two instances, ten times, five of them at one instant: applied once, nine duplicates', async () => {
    const other = await startAnother(shop)
    try {
      const { orderId, letter } = await paidWithLetter(shop)
      const there = { ...letter, url: other.origin() + inboxPath }
      const before = [await outcomes('applied'), await outcomes('duplicate')] as const

      const statuses = (await Promise.all([letter, there, letter, there, letter].map((one) => deliver(one)))).map(({ status }) => status)
      const { paidAt } = await shop.read(orderId)
      for (const one of [there, letter, there, letter, there]) statuses.push((await deliver(one)).status)

      expect(statuses).toEqual(Array(10).fill(204))
      expect((await outcomes('applied')) + (await outcomes('applied', other)) - before[0]).toBe(1)
      expect((await outcomes('duplicate')) + (await outcomes('duplicate', other)) - before[1]).toBe(9)
      expect(await events(orderId)).toEqual(['order.created', 'payment.succeeded'])
      expect((await shop.read(orderId)).paidAt).toBe(paidAt)
    } finally {
      await other.close()
    }
  })

  it('F-004: two hours late, of a payment that a query found meanwhile: a duplicate, and the time of payment stays', async () => {
    const { orderId } = await paidWithLetter(shop)
    const { paidAt } = (await shop.post(`/orders/${orderId}/check`)).data
    await shop.advance(120 * minute)
    const duplicate = await outcomes('duplicate')

    shop.mail.letters = []
    shop.mail.isHeld = true
    const [told] = [...shop.emulator.state().notification.values()].filter((one) => one.outTradeNo === orderId)
    await shop.emulator.announceAgain(told?.id ?? '')
    shop.mail.isHeld = false
    const [late] = shop.mail.letters
    const answer = late && (await deliver(late))

    expect(answer?.status).toBe(204)
    expect((await outcomes('duplicate')) - duplicate).toBe(1)
    expect((await shop.read(orderId)).paidAt).toBe(paidAt)
    expect(await events(orderId)).toEqual(['order.created', 'payment.succeeded'])
  })
})

describe('a flood of forgeries', () => {
  let letter: Letter
  let orderId: string
  const forge = () => deliver(letter, { headers: { 'Wechatpay-Signature': Buffer.alloc(256, 7).toString('base64') } })
  beforeAll(async () => {
    const made = await paidWithLetter(shop)
    letter = made.letter
    orderId = made.orderId
  })

  it('F-005: writes no row, is counted, and keeps no genuine one waiting', async () => {
    const before = [await rowsIn('inbox'), await rowsIn('unmatched'), await rowsIn('events')]
    const counted = await outcomes('bad_signature')

    const answers: Array<Awaited<ReturnType<typeof forge>>> = []
    const flood = inParallel([...Array(1000).keys()], 10, async () => void answers.push(await forge()))
    const genuine = await deliver(letter)
    const answeredBefore = answers.length
    await flood

    expect(genuine.status).toBe(204)
    // In the middle of the flood, not after it.
    expect(answeredBefore).toBeLessThan(900)
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]))
    expect(new Set(answers.map(({ body }) => JSON.parse(body).code))).toEqual(new Set(['FAIL']))
    expect((await outcomes('bad_signature')) - counted).toBe(1000)
    expect(await shop.read(orderId)).toMatchObject({ status: 'succeeded' })
    const [inbox, unmatched, told] = [await rowsIn('inbox'), await rowsIn('unmatched'), await rowsIn('events')]
    expect([Number(inbox) - Number(before[0]), Number(unmatched) - Number(before[1]), Number(told) - Number(before[2])]).toEqual([1, 0, 1])
  })

  it('F-005: is sampled in the log', async () => {
    const before = shop.logged.length

    await Promise.all(Array.from({ length: 200 }, forge))

    expect(shop.logged.slice(before).filter(({ event }) => event === 'notification.refused').length).toBeLessThan(100)
  })
})

describe('the form of a notification', () => {
  it('F-006: dated more than 300 s ahead is stale, just within is taken', async () => {
    const { orderId, letter } = await paidWithLetter(shop)
    const stale = await outcomes('stale')

    const ahead = await deliver(signedAgain(letter, letter.body, shop.emulator.now() + 302_000))
    const between = await shop.read(orderId)
    const within = await deliver(signedAgain(letter, letter.body, shop.emulator.now() + 290_000))

    expect([ahead.status, within.status]).toEqual([401, 204])
    expect((await outcomes('stale')) - stale).toBe(1)
    expect(between.status).toBe('pending')
  })

  it('F-007: with odd spacing, escapes and letters of four bytes verifies as it came', async () => {
    const { orderId, letter } = await paidWithLetter(shop)
    const said: Data = JSON.parse(Buffer.from(letter.body).toString())
    const text = `\n{ "summary" : "\\u652f\\/\u{20bb7}\u{1f9fe}",${JSON.stringify({ ...said, summary: undefined }, null, '\t').slice(1)}\r\n `

    expect((await deliver(signedAgain(letter, Buffer.from(text)))).status).toBe(204)

    expect((await shop.read(orderId)).status).toBe('succeeded')
  })

  it.each<[string, (headers: Record<string, string>) => Record<string, string | undefined>, string]>([
    ['a signature twice', ({ 'Wechatpay-Signature': one }) => ({ 'Wechatpay-Signature': `${one}, ${one}` }), 'malformed'],
    ['an empty signature', () => ({ 'Wechatpay-Signature': '' }), 'malformed'],
    ['no timestamp', () => ({ 'Wechatpay-Timestamp': undefined }), 'malformed'],
    ['no nonce', () => ({ 'Wechatpay-Nonce': undefined }), 'malformed'],
    ['no serial', () => ({ 'Wechatpay-Serial': undefined }), 'malformed'],
  ])('F-007: with %s is refused, and nothing is written', async (_name, change, outcome) => {
    const { orderId, letter } = await paidWithLetter(shop)
    const [inbox, counted] = [await rowsIn('inbox'), await outcomes(outcome)]

    const answer = await deliver(letter, { headers: change(letter.headers) })

    expect([answer.status, JSON.parse(answer.body).code]).toEqual([401, 'FAIL'])
    expect((await outcomes(outcome)) - counted).toBe(1)
    expect(await rowsIn('inbox')).toEqual(inbox)
    expect((await shop.read(orderId)).status).toBe('pending')
  })

  it.each<[string, (resource: Data) => object]>([
    ['sealed in another way', (resource) => ({ ...resource, algorithm: 'AEAD_SM4_GCM' })],
    ['under a nonce of eleven bytes', (resource) => ({ ...resource, nonce: resource.nonce.slice(1) })],
    ['with less than a tag', (resource) => ({ ...resource, ciphertext: Buffer.alloc(15).toString('base64') })],
  ])('F-008: %s is to be sent again, with an alarm, and settles once it can be opened', async (_name, how) => {
    const { orderId, letter } = await paidWithLetter(shop)
    const counted = await outcomes('undecryptable')

    const answer = await deliver(
      signedAgain(
        letter,
        changed(letter, (said) => ({ ...said, resource: how(said.resource) })),
      ),
    )
    const between = await shop.read(orderId)

    expect([answer.status, JSON.parse(answer.body).code]).toEqual([500, 'FAIL'])
    expect((await outcomes('undecryptable')) - counted).toBe(1)
    expect(await figure(shop, 'shouyin_alarms', 'kind="notify_key"')).toBe(1)
    expect(between.status).toBe('pending')
    expect((await deliver(letter)).status).toBe(204)
    expect((await shop.read(orderId)).status).toBe('succeeded')
  })
})

describe('a notification signed', () => {
  const fetches = () => line.heard.filter(({ url }) => url === '/v3/certificates').length

  it('F-009: by serials that stay unknown is refused, at the cost of one fetch a minute for all of them', async () => {
    const { letter } = await paidWithLetter(shop)
    await shop.advance(2 * minute)
    const fresh = signedAgain(letter)
    const under = (serial: string) => deliver(fresh, { headers: { 'wechatpay-serial': serial } })
    const before = fetches()

    const answers = await Promise.all(Array.from({ length: 40 }, (_, nth) => under(`${nth + 10}`.padEnd(40, 'A'))))
    const between = fetches()
    await shop.advance(30_000)
    answers.push(await under('B'.repeat(40)))
    const within = fetches()
    await shop.advance(31_000)
    const later = signedAgain(letter)
    answers.push(await deliver(later, { headers: { 'wechatpay-serial': 'C'.repeat(40) } }))

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]))
    expect([between - before, within - before, fetches() - before]).toEqual([1, 1, 2])
    expect((await deliver(later)).status).toBe(204)
  })

  it('F-010: by a public key that is not configured is refused with the names of the settings; asking settles the order', async () => {
    const older = await startShopOnLine({ WECHAT_PUBLIC_KEY_ID: '', WECHAT_PUBLIC_KEY: '' })
    try {
      await older.shop.emulator.rotate('public_key')
      const { orderId, letter } = await paidWithLetter(older.shop)

      const answer = await deliver(letter)
      const between = await older.shop.read(orderId)
      await older.shop.advance(6000)

      expect([answer.status, JSON.parse(answer.body).code]).toEqual([401, 'FAIL'])
      expect(between.status).toBe('pending')
      expect(await figure(older.shop, 'shouyin_alarms', 'kind="notify_key"')).toBe(1)
      expect(String(older.shop.logged.find(({ alarm }) => alarm === 'notify_key')?.reason)).toMatch(
        /WECHAT_PUBLIC_KEY_ID.*WECHAT_PUBLIC_KEY/,
      )
      expect((await older.shop.until(orderId, ({ status }) => status === 'succeeded')).attempts).toMatchObject([{ kept: true }])
    } finally {
      await older.end()
    }
  })

  it('F-011: as a probe goes ahead of the genuine one: refused, counted, no alarm, no warning, and the order is paid', async () => {
    const other = await startShopOnLine()
    try {
      const { orderId } = await other.shop.order()
      await other.shop.pay(orderId)
      other.shop.emulator.arm({ fault: 'probe_notify' })
      await other.shop.phone(orderId)

      await other.shop.until(orderId, ({ status }) => status === 'succeeded')

      expect([await outcomes('probe', other.shop), await outcomes('applied', other.shop)]).toEqual([1, 1])
      expect(await figure(other.shop, 'shouyin_alarms', 'kind=')).toBe(0)
      expect(await figure(other.shop, 'shouyin_http_requests_total', 'notify', 'status="401"')).toBe(1)
      expect(await figure(other.shop, 'shouyin_http_requests_total', 'status="500"')).toBe(0)
    } finally {
      await other.end()
    }
  })
})

describe('a genuine notification', () => {
  const theirs = {
    out_trade_no: 'U2026112100000000001',
    transaction_id: '4200000000001',
    out_refund_no: 'theirs-1',
    refund_id: '503001',
    refund_status: 'SUCCESS',
    success_time: '2026-11-21T10:00:00+08:00',
    amount: { total: 100, refund: 100 },
  }

  it('F-012: of a refund of a payment nobody here asked for is not taken, makes nothing, and is kept once for staff', async () => {
    const [counted, told, kept] = [await outcomes('unmatched'), await rowsIn('events'), await rowsIn('unmatched')]

    const statuses = [await announced('REFUND.SUCCESS', theirs), await announced('REFUND.SUCCESS', theirs)]

    expect(statuses).toEqual([404, 404])
    expect((await outcomes('unmatched')) - counted).toBe(2)
    expect(await rowsIn('events')).toEqual(told)
    expect(Number(await rowsIn('unmatched')) - Number(kept)).toBe(1)
  })

  it('F-013: one fen short is told with both figures, and expiry does not close its order', async () => {
    const { orderId } = await shop.order({ expiresIn: 600 })
    await shop.pay(orderId)
    const trade = tradeOf(orderId)

    const status = await announced('TRANSACTION.SUCCESS', { ...trade, amount: { ...trade.amount, total: trade.amount.total - 1 } })
    await shop.advance(20 * minute)
    await shop.advance(10 * minute)

    expect(status).toBe(400)
    expect(await shop.read(orderId)).toMatchObject({ status: 'pending', attempts: [{ status: 'open' }] })
    const { items } = (await shop.get(`/orders/${orderId}/timeline`)).data
    expect(items.filter((item: Data) => /99\.98.*99\.99/.test(JSON.stringify(item)))).not.toEqual([])
    expect(await figure(shop, 'shouyin_alarms', 'kind="amount_mismatch"')).toBe(1)
  })

  it('F-013: of which a coupon paid a part is the whole amount', async () => {
    const { orderId } = await shop.order()
    await shop.pay(orderId)
    const trade = tradeOf(orderId)

    expect(await announced('TRANSACTION.SUCCESS', { ...trade, amount: { ...trade.amount, payer_total: 1 } })).toBe(204)

    expect(await shop.read(orderId)).toMatchObject({ status: 'succeeded', amount: '99.99' })
  })

  it('F-014: sent to an account this server does not have changes nothing', async () => {
    const { orderId, letter } = await paidWithLetter(shop)

    expect((await deliver({ ...letter, url: `${letter.url}/other` })).status).toBe(404)

    expect((await shop.read(orderId)).status).toBe('pending')
  })

  it('F-019: in a state nobody knows is kept and taken, changes nothing, and raises an alarm', async () => {
    const { orderId } = await shop.order()
    await shop.pay(orderId)
    const [inbox, ignored] = [await rowsIn('inbox'), await outcomes('ignored')]

    const status = await announced('TRANSACTION.SUCCESS', { ...tradeOf(orderId), trade_state: 'PARTLY_PAID' })

    expect(status).toBe(204)
    expect([Number(await rowsIn('inbox')) - Number(inbox), (await outcomes('ignored')) - ignored]).toEqual([1, 1])
    expect(await shop.read(orderId)).toMatchObject({ status: 'pending', attempts: [{ status: 'open' }] })
    expect(await figure(shop, 'shouyin_alarms', 'kind="unknown_state"')).toBe(1)
  })
})
