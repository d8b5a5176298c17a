import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { listEventTypes } from '../../server/store/events.ts'
import { asOrderId, defaultMerchant } from '../../shared/kernel/ids.ts'
import type { Data } from '../support/client.ts'
import { deliver, inParallel, shuffled } from '../support/deliver.ts'
import { type Shop, startShop } from '../support/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await startShop()
})
afterAll(() => shop.close())

const eventTypes = (orderId: string) => shop.query((db) => listEventTypes(db, defaultMerchant, asOrderId(orderId)))
const count = async (outcome: string) =>
  (await shop.metrics())
    .split('\n')
    .filter((line) => line.startsWith('shouyin_notifications_total') && line.includes(`outcome="${outcome}"`))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)

/** An order that was paid, with its notification still on its way. */
async function paidUnheard(): Promise<{ orderId: string; letter: Shop['mail']['letters'][number] }> {
  const order = await shop.order()
  await shop.pay(order.orderId)
  shop.mail.isHeld = true
  shop.mail.letters = []
  await shop.phone(order.orderId)
  shop.mail.isHeld = false
  const [letter] = shop.mail.letters
  if (!letter) throw new Error('nothing was sent')
  return { orderId: order.orderId, letter }
}

describe('a thousand payments, each told three times, ten at a time, out of order', () => {
  it('are each kept once, with one event, and every notification is answered 2xx', async () => {
    const ids = Array.from({ length: 1000 }, (_, nth) => `N${String(nth).padStart(9, '0')}`)
    await inParallel(ids, 10, async (orderId) => {
      await shop.order({ orderId, amount: '1.00' })
      await shop.pay(orderId)
    })
    shop.mail.isHeld = true
    shop.mail.letters = []
    for (const orderId of ids) await shop.phone(orderId)
    shop.mail.isHeld = false

    const statuses: number[] = []
    await inParallel(
      shuffled([...shop.mail.letters, ...shop.mail.letters, ...shop.mail.letters]),
      10,
      async (letter) => void statuses.push((await deliver(letter)).status),
    )

    expect(new Set(statuses)).toEqual(new Set([204]))
    expect(statuses).toHaveLength(3000)
    const told = await shop.query(async (db) => Promise.all(ids.map((orderId) => listEventTypes(db, defaultMerchant, asOrderId(orderId)))))
    expect(new Set(told.map((types) => types.join()))).toEqual(new Set(['order.created,payment.succeeded']))
    const { items } = (await shop.get('/orders?limit=100&status=succeeded')).data
    expect(items.every((order: Data) => order.attempts.length === 1 && order.attempts[0].kept === true)).toBe(true)
  }, 240_000)
})

describe('a notification that is not, verifiably, the channel’s', () => {
  it.each<[string, number, (letter: Shop['mail']['letters'][number]) => Parameters<typeof deliver>[1]]>([
    [
      'forged',
      401,
      ({ headers }) => ({
        headers: {
          'Wechatpay-Signature': Buffer.from(headers['Wechatpay-Signature'] ?? '', 'base64')
            .reverse()
            .toString('base64'),
        },
      }),
    ],
    ['truncated', 401, ({ body }) => ({ body: body.subarray(0, body.length - 5) })],
    [
      'changed by one byte',
      401,
      ({ body }) => ({ body: Buffer.from(Buffer.from(body).toString().replace('encrypt-resource', 'encrypt-resourcE')) }),
    ],
    [
      'written with other spacing',
      401,
      ({ body }) => ({ body: Buffer.from(JSON.stringify(JSON.parse(Buffer.from(body).toString()), null, 1)) }),
    ],
    ['a probe', 401, ({ headers }) => ({ headers: { 'Wechatpay-Signature': `WECHATPAY/SIGNTEST/${headers['Wechatpay-Signature']}` } })],
    ['without a signature', 401, () => ({ headers: { 'Wechatpay-Signature': undefined } })],
    ['with an empty signature', 401, () => ({ headers: { 'Wechatpay-Signature': '' } })],
    ['with a signature that is not Base64', 401, () => ({ headers: { 'Wechatpay-Signature': '***' } })],
    ['dated otherwise', 401, ({ headers }) => ({ headers: { 'Wechatpay-Timestamp': String(Number(headers['Wechatpay-Timestamp']) + 1) } })],
    ['of a serial nobody knows', 401, () => ({ headers: { 'Wechatpay-Serial': '1234567890ABCDEF1234567890ABCDEF12345678' } })],
    ['of another serial that is known', 401, () => ({ headers: { 'Wechatpay-Serial': shop.emulator.credentials().publicKey.id } })],
    ['signed in an unknown way', 401, () => ({ headers: { 'Wechatpay-Signature-Type': 'WECHATPAY2-SM2-WITH-SM3' } })],
  ])('%s is refused with %i, and changes nothing', async (_name, status, change) => {
    const { orderId, letter } = await paidUnheard()

    const answer = await deliver(letter, change(letter))

    expect(answer.status).toBe(status)
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'FAIL' })
    expect((await shop.read(orderId)).status).toBe('pending')
    expect(await eventTypes(orderId)).toEqual(['order.created'])
  })

  it('more than 300 s old is stale; a fresh copy is taken', async () => {
    const { orderId, letter } = await paidUnheard()

    await shop.advance(301_000)
    const answer = await deliver(letter)

    expect(answer.status).toBe(401)
    expect((await shop.read(orderId)).status).toBe('pending')
    expect(await count('stale')).toBeGreaterThan(0)
  })

  it('is counted, a probe apart from a forgery, and a probe is no alarm', async () => {
    expect(await count('probe')).toBe(1)
    expect(await count('bad_signature')).toBeGreaterThan(3)
    expect(shop.logged.filter((record) => record.event === 'notification.refused' && record.outcome === 'probe')).toHaveLength(1)
  })

  it('replayed within its five minutes is a duplicate', async () => {
    const { orderId, letter } = await paidUnheard()

    const [first, again] = [await deliver(letter), await deliver(letter)]

    expect([first.status, again.status]).toEqual([204, 204])
    expect(await eventTypes(orderId)).toEqual(['order.created', 'payment.succeeded'])
  })
})

describe('a genuine notification that does not fit', () => {
  it.each([
    ['wrong_amount', 400, 'mismatch'],
    ['wrong_currency', 400, 'mismatch'],
    ['wrong_app', 400, 'mismatch'],
    ['wrong_merchant', 400, 'mismatch'],
    ['unknown_order', 404, 'unknown_number'],
  ])('%s: answered %i, nothing changed, listed for staff as %s', async (fault, status, reason) => {
    const order = await shop.order()
    await shop.pay(order.orderId)
    shop.mail.isHeld = true
    shop.mail.letters = []
    shop.emulator.arm({ fault, match: { outTradeNo: order.orderId } })
    await shop.phone(order.orderId)
    shop.mail.isHeld = false
    const [letter] = shop.mail.letters

    const answer = letter && (await deliver(letter))
    const again = letter && (await deliver(letter))

    expect([answer?.status, again?.status]).toEqual([status, status])
    expect((await shop.read(order.orderId)).status).toBe('pending')
    const { items } = (await shop.get('/unmatched?limit=100')).data
    const listed = items.filter((item: Data) => (reason === 'mismatch' ? item.outTradeNo === order.orderId : item.reason === reason))
    expect(listed).toMatchObject([{ reason }])
    expect(await shop.metrics()).toMatch(
      reason === 'mismatch' ? 'shouyin_alarms{kind="amount_mismatch"} 1' : 'shouyin_alarms{kind="unmatched_money"} 1',
    )
  })

  it('that cannot be opened with our key is answered 500, so that it is sent again, and settles once it can', async () => {
    const order = await shop.order()
    await shop.pay(order.orderId)
    shop.emulator.arm({ fault: 'undecryptable_notify', match: { outTradeNo: order.orderId } })
    await shop.phone(order.orderId)
    const refused = [...shop.emulator.state().notification.values()].find((one) => one.outTradeNo === order.orderId)
    expect(refused).toMatchObject({ tries: [{ status: 500 }], state: 'waiting' })

    await shop.advance(16_000)

    expect((await shop.until(order.orderId, (seen) => seen.status === 'succeeded')).status).toBe('succeeded')
  })

  it('of an event nobody here deals with is kept and answered 204', async () => {
    const before = await count('ignored')

    await shop.emulator.announce({
      event: 'SECURITY_ECHO.SUCCESS',
      url: `${shop.origin()}/api/v1/payments/wechat/notify`,
      outTradeNo: 'none',
      resource: { hello: 'merchant' },
    })

    expect([...shop.emulator.state().notification.values()].find((one) => one.event === 'SECURITY_ECHO.SUCCESS')).toMatchObject({
      tries: [{ status: 204 }],
    })
    expect(await count('ignored')).toBe(before + 1)
  })
})

describe('the keys of the channel', () => {
  it('change from certificate to certificate and to the public key without a refused notification', async () => {
    for (const to of ['certificate', 'public_key', 'certificate']) {
      await shop.emulator.rotate(to)
      await shop.advance(61_000)
      const order = await shop.order()
      await shop.pay(order.orderId)
      await shop.phone(order.orderId)
      const told = [...shop.emulator.state().notification.values()].find((one) => one.outTradeNo === order.orderId)
      expect(told).toMatchObject({ tries: [{ status: 204 }] })
    }
  })
})
