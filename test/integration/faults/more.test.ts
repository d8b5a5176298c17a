import { createCipheriv, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { listEventTypes } from '../../../server/store/events.ts'
import { asOrderId, defaultMerchant } from '../../../shared/kernel/ids.ts'
import { asInstant } from '../../../shared/kernel/time.ts'
import type { Data } from '../../support/client.ts'
import { deliver } from '../../support/deliver.ts'
import type { Shop } from '../../support/shop.ts'
import { figure, paidOrder, startShopOnLine } from './instances.ts'
import { type Line, signatureOf } from './line.ts'

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

const minute = 60_000
const eventTypes = (orderId: string) => shop.query((db) => listEventTypes(db, defaultMerchant, asOrderId(orderId)))
const notifyUrl = () => `${shop.origin()}/api/v1/payments/wechat/notify`
const counted = (outcome: string) => figure(shop, 'shouyin_notifications_total', `outcome="${outcome}"`)

/** An order that was paid, with its notification held in the hand. */
async function paidWithLetter(): Promise<{ orderId: string; letter: Shop['mail']['letters'][number] }> {
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

describe('a payment of which nobody tells', () => {
  it('F-081: is found by asking, within a minute while the payer looks, and is counted as asked, not as told', async () => {
    const alice = await shop.payer('alice')
    const order = await alice.order()
    await alice.prepare(order.orderId)
    shop.emulator.arm({ fault: 'drop_notify', match: { outTradeNo: order.orderId } })
    await shop.phone(order.orderId)
    const before = [
      await figure(shop, 'shouyin_notifications_total'),
      await figure(shop, 'shouyin_channel_calls_total', 'operation="query"'),
    ]

    expect((await alice.read(order.orderId)).status).toBe('succeeded')

    expect(await figure(shop, 'shouyin_notifications_total')).toBe(before[0])
    expect(await figure(shop, 'shouyin_channel_calls_total', 'operation="query"')).toBeGreaterThan(before[1] ?? 0)
  })

  /** An order that was open for long: its task has come to the last step of its ladder. */
  async function longOpen(pay: (order: Data) => Promise<unknown>, order: Data): Promise<void> {
    await pay(order)
    const { paymentId } = (await shop.read(order.orderId)).attempts[0]
    const task = () =>
      shop.query((db) =>
        db.query.selectFrom('tasks').select(['tries', 'lease_until']).where('subject', '=', paymentId).executeTakeFirstOrThrow(),
      )
    await shop.query((db) =>
      db.query
        .updateTable('tasks')
        .set({ tries: 8, run_at: asInstant(0) })
        .where('subject', '=', paymentId)
        .execute(),
    )
    await shop.eventually(task, (row) => Number(row.tries) === 9 && Number(row.lease_until) === 0)
    shop.emulator.arm({ fault: 'drop_notify', match: { outTradeNo: order.orderId } })
    await shop.phone(order.orderId)
  }

  it('F-081: is found within ten minutes when nobody looks, however long the order was open before', async () => {
    const order = await shop.order({ expiresIn: 7200 })
    await longOpen(({ orderId }) => shop.pay(orderId), order)

    await shop.advance(10 * minute)

    await shop.until(order.orderId, ({ status }) => status === 'succeeded')
  })

  it('F-081: is found within a minute when the payer follows the event stream', async () => {
    const alice = await shop.payer('alice')
    const order = await alice.order()
    const leaving = new AbortController()
    await longOpen(({ orderId }) => alice.prepare(orderId), order)
    const following = await fetch(`${shop.origin()}/api/v1/cashier/orders/${order.orderId}/events`, {
      headers: { authorization: `Bearer ${alice.token}` },
      signal: leaving.signal,
    })
    // An answer nobody holds on to is collected, and its connection closed: the viewer would have left.
    const told = following.text()

    await shop.advance(minute)
    // No more time passes for the shop; its loops turn once a second of ours.
    await shop.until(order.orderId, ({ status }) => status === 'succeeded')

    expect(await told).toContain('"status":"succeeded"')
    leaving.abort()
  })
})

describe('what comes in the wrong order', () => {
  it.each(['letGo', 'cut'] as const)(
    'F-082: paid and told before the answer to prepay; the answer is %s later and undoes nothing',
    async (how) => {
      const order = await shop.order()
      const answer = line.hold(/POST .*\/native$/)
      const paying = shop.pay(order.orderId)
      await answer.arrived
      await shop.phone(order.orderId)
      const told = [...shop.emulator.state().notification.values()].find((one) => one.outTradeNo === order.orderId)
      const between = (await shop.read(order.orderId)).status

      answer[how]()

      expect(await paying).toMatchObject({ status: 409, body: { code: 'ORDERPAID' } })
      expect(told).toMatchObject({ tries: [{ status: 204 }] })
      expect(between).toBe('succeeded')
      expect(await shop.read(order.orderId)).toMatchObject({ status: 'succeeded', attempts: [{ status: 'succeeded', kept: true }] })
      expect(await eventTypes(order.orderId)).toEqual(['order.created', 'payment.succeeded'])
    },
  )

  it('F-082: told at the same instant as the answer', async () => {
    const order = await shop.order()
    shop.emulator.arm({ fault: 'early_notify', match: { path: '/v3/pay/transactions/native' } })

    await shop.pay(order.orderId)

    expect((await shop.until(order.orderId, (seen) => seen.status === 'succeeded')).attempts).toMatchObject([{ kept: true }])
    expect(await eventTypes(order.orderId)).toEqual(['order.created', 'payment.succeeded'])
  })

  it.each(['PROCESSING', 'ABNORMAL', 'CLOSED'])('F-083: %s of a refund that succeeded moves nothing back', async (status) => {
    const order = await paidOrder(shop, { amount: '5.00' })
    const { data: refund } = await shop.refund(order.orderId, { amount: '5.00' })
    await shop.advance(1500)
    await shop.until(order.orderId, (seen) => seen.refundStatus === 'full')
    const before = (await shop.get(`/refunds/${refund.refundId}`)).data
    const [duplicates, ignored] = [await counted('duplicate'), await counted('ignored')]

    await shop.emulator.announce({
      event: `REFUND.${status}`,
      url: notifyUrl(),
      outTradeNo: order.orderId,
      outRefundNo: refund.outRefundNo,
      resource: {
        mchid: shop.emulator.credentials().mchid,
        out_trade_no: order.orderId,
        transaction_id: order.transactionId,
        out_refund_no: refund.outRefundNo,
        refund_id: before.channelRefundId,
        refund_status: status,
        amount: { total: 500, refund: 500, payer_total: 500, payer_refund: 500 },
      },
    })

    const told = [...shop.emulator.state().notification.values()].filter((one) => one.event === `REFUND.${status}`)
    expect(told.at(-1)).toMatchObject({ tries: [{ status: 204 }] })
    expect((await shop.get(`/refunds/${refund.refundId}`)).data).toEqual(before)
    expect(await shop.read(order.orderId)).toMatchObject({ refundStatus: 'full', refundedAmount: '5.00' })
    // PROCESSING is no event that the channel knows; one that it does not know is taken and left alone.
    expect([(await counted('duplicate')) - duplicates, (await counted('ignored')) - ignored]).toEqual(
      status === 'PROCESSING' ? [0, 1] : [1, 0],
    )
    expect((await eventTypes(order.orderId)).filter((type) => type.startsWith('refund.'))).toEqual(['refund.created', 'refund.succeeded'])
  })

  it('F-083: an answer that was true before the refund succeeded, and comes after it, moves nothing back', async () => {
    const order = await paidOrder(shop, { amount: '5.00' })
    const { data: refund } = await shop.refund(order.orderId)
    const answer = line.hold(/GET \/v3\/refund/)
    const checking = shop.post(`/orders/${order.orderId}/check`)
    await answer.arrived
    await shop.advance(1500)
    await shop.until(order.orderId, (seen) => seen.refundStatus === 'full')
    const before = (await shop.get(`/refunds/${refund.refundId}`)).data

    answer.letGo()

    expect((await checking).data).toMatchObject({ refundStatus: 'full', refundedAmount: '5.00' })
    expect((await shop.get(`/refunds/${refund.refundId}`)).data).toEqual(before)
  })

  it('F-083: the success of a payment that is refunded already is a duplicate', async () => {
    const { orderId, letter } = await paidWithLetter()
    await deliver(letter)
    const before = await shop.until(orderId, (seen) => seen.status === 'succeeded')
    await shop.refund(orderId)
    await shop.advance(1500)
    await shop.until(orderId, (seen) => seen.refundStatus === 'full')
    const duplicates = await counted('duplicate')

    const again = await deliver(letter)

    expect(again.status).toBe(204)
    expect((await counted('duplicate')) - duplicates).toBe(1)
    expect(await shop.read(orderId)).toMatchObject({ paidAt: before.paidAt, refundStatus: 'full', attempts: before.attempts })
    expect((await eventTypes(orderId)).filter((type) => type === 'payment.succeeded')).toHaveLength(1)
  })
})

describe('a signature', () => {
  const keys = () => {
    const { publicKey, certificates } = shop.emulator.credentials()
    const newest = certificates.at(-1)
    if (!newest) throw new Error('there is no certificate')
    return { publicKey: { serial: publicKey.id, privateKey: publicKey.privateKey }, certificate: newest }
  }

  it.each<[string, () => { serial: string; privateKey: string }]>([
    ['of the certificate under the name of the public key', () => ({ ...keys().certificate, serial: keys().publicKey.serial })],
    ['of the public key under the serial of the certificate', () => ({ ...keys().publicKey, serial: keys().certificate.serial })],
    ['under its serial in lower case', () => ({ ...keys().certificate, serial: keys().certificate.serial.toLowerCase() })],
    ['under its name in lower case', () => ({ ...keys().publicKey, serial: keys().publicKey.serial.toLowerCase() })],
    ['under its serial twice', () => ({ ...keys().certificate, serial: `${keys().certificate.serial}, ${keys().certificate.serial}` })],
    [
      'under its serial with a blank inside',
      () => ({ ...keys().certificate, serial: `${keys().certificate.serial.slice(0, 8)} ${keys().certificate.serial.slice(8)}` }),
    ],
    ['under its serial with a zero in front', () => ({ ...keys().certificate, serial: `0${keys().certificate.serial}` })],
    ['under its serial with colons', () => ({ ...keys().certificate, serial: keys().certificate.serial.replace(/..(?=.)/g, '$&:') })],
  ])('F-084: %s is refused: the key that is named is tried, and no other', async (_name, by) => {
    const { orderId, letter } = await paidWithLetter()
    // Past the minute in which an unknown serial is looked up once.
    await shop.advance(61_000)
    const fresh = (key: { serial: string; privateKey: string }) => ({
      headers: unsigned(letter),
      body: letter.body,
      ...{ signed: signatureOf(letter.body, key, shop.emulator.now()) },
    })
    const wrong = fresh(by())

    const answer = await deliver({ ...letter, headers: { ...wrong.headers, ...wrong.signed } })
    const between = (await shop.read(orderId)).status
    const genuine = fresh(keys().certificate)
    const taken = await deliver({ ...letter, headers: { ...genuine.headers, ...genuine.signed } })

    expect(answer.status).toBe(401)
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'FAIL' })
    expect(between).toBe('pending')
    expect(taken.status).toBe(204)
  })

  function unsigned({ headers }: Shop['mail']['letters'][number]): Record<string, string> {
    return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.toLowerCase().startsWith('wechatpay-')))
  }

  type Sealed = { ciphertext: string; associated_data?: string; nonce: string }

  /** The letter with its resource changed, genuinely signed again. */
  function resealed(
    letter: Shop['mail']['letters'][number],
    change: (sealed: Sealed, plain: string) => Sealed,
    plain = '',
  ): Shop['mail']['letters'][number] {
    const whole = JSON.parse(Buffer.from(letter.body).toString())
    const { associated_data: _data, ...rest } = whole.resource
    const changed = change(whole.resource, plain)
    const body = Buffer.from(JSON.stringify({ ...whole, resource: { ...rest, ...changed } }))
    return { ...letter, headers: { ...unsigned(letter), ...signatureOf(body, keys().publicKey, shop.emulator.now()) }, body }
  }

  const bytes = (sealed: Sealed) => Buffer.from(sealed.ciphertext, 'base64')
  const flipped = (source: Buffer, at: number) => Buffer.from(source.map((byte, nth) => (nth === at ? byte ^ 1 : byte)))

  it.each<[string, (sealed: Sealed) => Sealed]>([
    ['one bit of the text flipped', (sealed) => ({ ...sealed, ciphertext: flipped(bytes(sealed), 20).toString('base64') })],
    [
      'one bit of the tag flipped',
      (sealed) => ({ ...sealed, ciphertext: flipped(bytes(sealed), bytes(sealed).length - 1).toString('base64') }),
    ],
    [
      'its tag replaced',
      (sealed) => ({ ...sealed, ciphertext: Buffer.concat([bytes(sealed).subarray(0, -16), randomBytes(16)]).toString('base64') }),
    ],
    ['its tag cut to 12 bytes', (sealed) => ({ ...sealed, ciphertext: bytes(sealed).subarray(0, -4).toString('base64') })],
    ['its tag cut to 4 bytes', (sealed) => ({ ...sealed, ciphertext: bytes(sealed).subarray(0, -12).toString('base64') })],
    ['no tag', (sealed) => ({ ...sealed, ciphertext: bytes(sealed).subarray(0, -16).toString('base64') })],
    ['a tag alone', (sealed) => ({ ...sealed, ciphertext: bytes(sealed).subarray(-16).toString('base64') })],
    ['another nonce', (sealed) => ({ ...sealed, nonce: sealed.nonce.replace(/.$/, (last) => (last === '0' ? '1' : '0')) })],
  ])('F-085: over a resource with %s: not opened, nothing of it used or logged', async (_name, change) => {
    const { orderId, letter } = await paidWithLetter()
    const before = await counted('undecryptable')
    const logged = shop.logged.length

    const answer = await deliver(resealed(letter, change))

    expect(answer.status).toBe(500)
    expect((await counted('undecryptable')) - before).toBe(1)
    expect((await shop.read(orderId)).status).toBe('pending')
    expect(JSON.stringify(shop.logged.slice(logged))).not.toMatch(/openid|trade_state|transaction_id/)
    expect(await figure(shop, 'shouyin_alarms', 'kind="notify_key"')).toBe(1)
    await deliver(letter)
  })

  it('F-085: over a resource without associated data, with the tag that belongs to that, is applied', async () => {
    const { orderId, letter } = await paidWithLetter()
    const plain = JSON.stringify(shop.emulator.payments.wire(shop.emulator.payments.find(orderId)))
    const nonce = randomBytes(6).toString('hex')
    const cipher = createCipheriv('aes-256-gcm', shop.emulator.credentials().apiV3Key, nonce)
    const ciphertext = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64')

    const answer = await deliver(resealed(letter, () => ({ ciphertext, nonce })))

    expect(answer.status).toBe(204)
    expect((await shop.read(orderId)).status).toBe('succeeded')
  })
})
