import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { Notice } from '../../server/channels/channel.ts'
import { NoticeError } from '../../server/channels/failure.ts'
import { Secret } from '../../server/lib/secret.ts'
import { asInstant } from '../../shared/kernel/time.ts'
import { aDay, anApp } from '../support/builders.ts'
import { makeWechatAccounts } from '../support/wechat-account.ts'
import { startWechatStandIn, type WechatStandIn } from '../support/wechat-stand-in.ts'

type Arrived = { readonly headers: Record<string, string | undefined>; readonly body: Buffer }
type Change = (arrived: Arrived) => Arrived

let standIn: WechatStandIn
let accounts: ReturnType<typeof makeWechatAccounts>
beforeAll(async () => {
  standIn = await startWechatStandIn(() => aDay)
  accounts = makeWechatAccounts(standIn, { at: aDay })
})
beforeEach(() => {
  standIn.asked.length = 0
})
afterAll(async () => {
  await accounts.end()
  await standIn.close()
})

const paid = {
  appid: anApp,
  mchid: '1900000001',
  out_trade_no: 'D202601020304050001',
  trade_state: 'SUCCESS',
  transaction_id: '4200001234',
  success_time: '2026-01-02T12:00:01+08:00',
  amount: { total: 9999, payer_total: 9000, currency: 'CNY', payer_currency: 'CNY' },
  payer: { openid: 'o-alice' },
}
const refunded = {
  mchid: '1900000001',
  out_trade_no: 'D202601020304050001',
  transaction_id: '4200001234',
  out_refund_no: 'ref_1',
  refund_id: '5030001234',
  refund_status: 'SUCCESS',
  success_time: '2026-01-02T12:30:00+08:00',
  user_received_account: '零钱',
  amount: { total: 9999, refund: 100, payer_total: 9000, payer_refund: 90 },
}

const read = (arrived: Arrived): Promise<Notice> => accounts.open().readNotification(arrived)
const refusal = (arrived: Arrived): Promise<string> =>
  read(arrived).then(
    () => 'taken',
    (error: unknown) => (error instanceof NoticeError ? error.refusal : String(error)),
  )

describe('a notification', () => {
  it('of a payment is a report in our words', async () => {
    expect(await read(standIn.notice({ holds: paid }))).toEqual({
      kind: 'trade',
      notifyId: 'EV-2018022511223320873',
      report: {
        source: 'notification',
        channel: 'wechat',
        account: 'default',
        outTradeNo: 'D202601020304050001',
        outcome: {
          status: 'succeeded',
          transactionId: '4200001234',
          amount: { minor: 9999, currency: 'CNY' },
          merchantRef: '1900000001',
          appId: anApp,
          openId: 'o-alice',
          succeededAt: asInstant(aDay + 1000),
        },
      },
    })
  })

  it.each([
    ['REFUND.SUCCESS', 'SUCCESS', { status: 'succeeded', succeededAt: asInstant(aDay + 1_800_000) }],
    ['REFUND.ABNORMAL', 'ABNORMAL', { status: 'abnormal' }],
    ['REFUND.CLOSED', 'CLOSED', { status: 'closed' }],
  ])('%s is the report of a refund', async (type, status, outcome) => {
    const notice = await read(standIn.notice({ type, holds: { ...refunded, refund_status: status } }))

    expect(notice).toMatchObject({
      kind: 'refund',
      report: {
        source: 'notification',
        outRefundNo: 'ref_1',
        channelRefundId: '5030001234',
        amount: { minor: 100, currency: 'CNY' },
        outcome,
      },
    })
  })

  it('about something else is genuine and of no concern', async () => {
    expect(await read(standIn.notice({ type: 'COUPON.USE', holds: {} }))).toEqual({
      kind: 'ignored',
      notifyId: 'EV-2018022511223320873',
      said: 'COUPON.USE',
    })
  })

  it('signed by a platform certificate is taken beside the public key, after one look at the certificates', async () => {
    const account = accounts.open()
    const by = standIn.certificates.first

    const notices = await Promise.all(Array.from({ length: 5 }, () => account.readNotification(standIn.notice({ holds: paid, by }))))

    expect(notices.map(({ kind }) => kind)).toEqual(['trade', 'trade', 'trade', 'trade', 'trade'])
    expect(standIn.asked.map(({ url }) => url)).toEqual(['/v3/certificates'])
  })

  it.each([299_000, -299_000])('%i ms from our clock is fresh', async (ms) => {
    expect(await refusal(standIn.notice({ holds: paid, at: aDay + ms }))).toBe('taken')
  })
})

const names = ['wechatpay-timestamp', 'wechatpay-nonce', 'wechatpay-signature', 'wechatpay-serial']
const without =
  (name: string): Change =>
  ({ headers, body }) => ({ headers: Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name)), body })
const put =
  (name: string, change: (value: string) => string): Change =>
  ({ headers, body }) => ({
    headers: { ...headers, [name]: change(headers[name] ?? '') },
    body,
  })

describe('a notification whose signature is wrong', () => {
  it.each<readonly [string, Change, string]>([
    ...names.map((name) => [`${name} is missing`, without(name), 'malformed'] as const),
    ...names.map((name) => [`${name} is empty`, put(name, () => ''), 'malformed'] as const),
    ...names.map((name) => [`${name} came twice`, put(name, (value) => `${value}, ${value}`), 'malformed'] as const),
    ...names.map((name) => [`${name} has a blank behind it`, put(name, (value) => `${value} `), 'malformed'] as const),
    ['its timestamp is a word', put('wechatpay-timestamp', () => 'now'), 'malformed'],
    ['its timestamp is below zero', put('wechatpay-timestamp', (value) => `-${value}`), 'malformed'],
    ['its timestamp is in ms', put('wechatpay-timestamp', (value) => `${value}000`), 'malformed'],
    ['its timestamp is another', put('wechatpay-timestamp', (value) => String(Number(value) + 1)), 'bad_signature'],
    ['its nonce is another', put('wechatpay-nonce', (value) => `${value}0`), 'bad_signature'],
    ['it is a probe', put('wechatpay-signature', (value) => `WECHATPAY/SIGNTEST/${value}`), 'probe'],
    ['it is not Base64', put('wechatpay-signature', (value) => `${value}!`), 'bad_signature'],
    ['it is Base64 for addresses', put('wechatpay-signature', (value) => value.replace(/[+/]|A/g, '_')), 'bad_signature'],
    ['it lacks its padding', put('wechatpay-signature', (value) => value.replace(/=+$/, '')), 'bad_signature'],
    ['it is short', put('wechatpay-signature', () => 'AAAA'), 'bad_signature'],
    ['its serial names a public key nobody knows', put('wechatpay-serial', () => 'PUB_KEY_ID_1'), 'unknown_key'],
    ['its serial names a certificate nobody gave out', put('wechatpay-serial', () => '7'.repeat(40)), 'unknown_key'],
    ['its serial names the other kind of key', put('wechatpay-serial', () => standIn.certificates.first.serial), 'bad_signature'],
    ['its serial is the name of a member of every object', put('wechatpay-serial', () => '__proto__'), 'unknown_key'],
    [
      'a byte of the body is another',
      ({ headers, body }) => ({ headers, body: Buffer.from(String(body).replace('EV-2018', 'EV-2019')) }),
      'bad_signature',
    ],
    [
      'the body ends in a line feed more',
      ({ headers, body }) => ({ headers, body: Buffer.concat([body, Buffer.from('\n')]) }),
      'bad_signature',
    ],
    ['the body is cut off', ({ headers, body }) => ({ headers, body: body.subarray(0, -9) }), 'bad_signature'],
    ['the body is empty', ({ headers }) => ({ headers, body: Buffer.alloc(0) }), 'bad_signature'],
    [
      'its kind is another',
      ({ headers, body }) => ({ headers: { ...headers, 'wechatpay-signature-type': 'WECHATPAY2-SM2-WITH-SM3' }, body }),
      'bad_signature',
    ],
  ])('%s: refused', async (_name, change, expected) => {
    expect(await refusal(change(standIn.notice({ holds: paid })))).toBe(expected)
  })

  it.each([300_000, -300_000])('%i ms from our clock: stale', async (ms) => {
    expect(await refusal(standIn.notice({ holds: paid, at: aDay + ms }))).toBe('stale')
  })

  it('by another key under the right serial: refused', async () => {
    expect(await refusal(standIn.notice({ holds: paid, by: standIn.stranger }))).toBe('bad_signature')
  })

  it('stale and a probe at once tells the age, and asks for no certificates', async () => {
    const by = { ...standIn.stranger, serial: '7'.repeat(40) }

    expect(await refusal(standIn.notice({ holds: paid, by, at: aDay - 300_000 }))).toBe('stale')
    expect(standIn.asked).toEqual([])
  })
})

describe('a notification that is signed, but', () => {
  it.each([
    ['is no JSON', { body: '<xml></xml>' }, 'malformed'],
    ['is empty', { body: '' }, 'malformed'],
    ['is cut off', { body: '{"id":"EV-1","event_type":"TRANSACTION.SUCCESS"' }, 'malformed'],
    ['is a list', { body: '[]' }, 'malformed'],
    ['has no resource', { body: '{"id":"EV-1","event_type":"TRANSACTION.SUCCESS"}' }, 'malformed'],
    ['names a member twice', { body: '{"id":"EV-1","id":"EV-2"}' }, 'malformed'],
    ['is not UTF-8', { body: Buffer.from([0x7b, 0xc3, 0x28, 0x7d]) }, 'malformed'],
    ['is sealed with another key', { key: 'another-api-v3-key-of-32-bytes!!' }, 'undecryptable'],
    ['is sealed in another way', { resource: { algorithm: 'AEAD_SM4_GCM' } }, 'undecryptable'],
    ['has other words beside the seal', { resource: { associated_data: 'refund' } }, 'undecryptable'],
    ['has none beside it', { resource: { associated_data: undefined } }, 'undecryptable'],
    ['has another nonce', { resource: { nonce: '0123456789ab' } }, 'undecryptable'],
    ['has a nonce that is too short', { resource: { nonce: '0123' } }, 'undecryptable'],
    ['holds what is not Base64', { resource: { ciphertext: '%%%' } }, 'undecryptable'],
    ['holds less than a tag', { resource: { ciphertext: 'AAAA' } }, 'undecryptable'],
    ['holds a list', { holds: [paid] }, 'malformed'],
    ['holds nothing', { holds: null }, 'malformed'],
    ['holds a payment without a number', { holds: { ...paid, out_trade_no: undefined } }, 'malformed'],
    ['holds a payment under a number of another form', { holds: { ...paid, out_trade_no: 'no number of ours' } }, 'malformed'],
    ['holds a payment without an amount', { holds: { ...paid, amount: {} } }, 'malformed'],
    ['holds a payment of a fraction', { holds: { ...paid, amount: { total: 0.1, currency: 'CNY' } } }, 'malformed'],
    ['holds a payment below zero', { holds: { ...paid, amount: { total: -1, currency: 'CNY' } } }, 'malformed'],
    ['holds a payment without a time', { holds: { ...paid, success_time: undefined } }, 'malformed'],
    ['holds a refund in place of a payment', { holds: refunded }, 'malformed'],
    ['holds a payment in place of a refund', { type: 'REFUND.SUCCESS', holds: paid }, 'malformed'],
  ] as const)('%s: refused', async (_name, given, expected) => {
    expect(await refusal(standIn.notice({ holds: paid, ...given }))).toBe(expected)
  })

  it('cannot be opened names the setting to look at, and shows no key', async () => {
    const account = accounts.open({ credentials: { apiV3Key: new Secret('mistyped-api-v3-key-of-32-bytes!') } })

    const error = await account.readNotification(standIn.notice({ holds: paid })).catch((caught: unknown) => caught)

    expect(error).toMatchObject({ refusal: 'undecryptable', message: expect.stringContaining('WECHAT_API_V3_KEY') })
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('mistyped')
  })
})

describe('what is said to WeChat', () => {
  it('is 204 and nothing when taken, a status that is no success and words when not', () => {
    const { acknowledge } = accounts.open()

    expect(acknowledge({ taken: true })).toEqual({ status: 204, body: '' })
    expect(acknowledge({ taken: false, status: 401, message: '验签失败' })).toEqual({
      status: 401,
      contentType: 'application/json; charset=utf-8',
      body: '{"code":"FAIL","message":"验签失败"}',
    })
  })
})
