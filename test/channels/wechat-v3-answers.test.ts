import { verify } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { asOutTradeNo } from '../../shared/kernel/ids.ts'
import { moneyOf } from '../../shared/kernel/money.ts'
import { asInstant, later } from '../../shared/kernel/time.ts'
import { aDay, anApp, anAttempt } from '../support/builders.ts'
import { makeWechatAccounts, merchantSerial } from '../support/wechat-account.ts'
import { type Reply, type Signed, startWechatStandIn, type WechatStandIn } from '../support/wechat-stand-in.ts'

let standIn: WechatStandIn
let accounts: ReturnType<typeof makeWechatAccounts>
const clock = { at: aDay }
beforeAll(async () => {
  standIn = await startWechatStandIn(() => clock.at)
  accounts = makeWechatAccounts(standIn, clock)
})
beforeEach(() => {
  clock.at = aDay
  standIn.asked.length = 0
})
afterAll(async () => {
  await accounts.end()
  await standIn.close()
})

const outTradeNo = asOutTradeNo('D202601020304050001')
const open = { appid: anApp, mchid: '1900000001', out_trade_no: outTradeNo, trade_state: 'NOTPAY' }
const paid = {
  ...open,
  trade_state: 'SUCCESS',
  transaction_id: '4200001234',
  success_time: '2026-01-02T12:00:01+08:00',
  amount: { total: 9999, payer_total: 9000, currency: 'CNY' },
  payer: { openid: 'o-alice' },
}

const query = () => accounts.open().query(anAttempt({ outTradeNo }))
const close = () => accounts.open().close(anAttempt({ outTradeNo }))
const prepare = () =>
  accounts.open().prepare({
    outTradeNo,
    startedAt: asInstant(0),
    payType: 'NATIVE',
    appId: anApp,
    amount: moneyOf(9999, 'CNY'),
    description: '红茶 “Tea” \u2028',
    notifyUrl: 'https://pay.example.com/notify',
    expiresAt: later(aDay, 1_800_000),
  })

/** The signature of a request, as the documents say, over what arrived. */
function isSigned({ method, url, headers, body }: WechatStandIn['asked'][number]): boolean {
  const [, values = ''] = /^WECHATPAY2-SHA256-RSA2048 (.*)$/.exec(headers.authorization ?? '') ?? []
  const member = (name: string) => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(values)?.[1] ?? ''
  const head = `${method}\n${url}\n${member('timestamp')}\n${member('nonce_str')}\n`
  const message = Buffer.concat([Buffer.from(head), body, Buffer.from('\n')])
  const isOurs = member('mchid') === '1900000001' && member('serial_no') === merchantSerial
  return isOurs && verify('sha256', message, standIn.merchant.publicKey, Buffer.from(member('signature'), 'base64'))
}

describe('a request', () => {
  it.each([
    ['with a body', prepare, { body: { code_url: 'weixin://wxpay/a' } }],
    ['without one', query, { body: open }],
    ['that closes', close, { status: 204 }],
  ])('%s is signed over exactly the bytes that arrive', async (_name, act, reply: Reply) => {
    standIn.answer(reply)

    await act()

    expect(standIn.asked.map(isSigned)).toEqual([true])
    expect(standIn.asked[0]?.headers).toMatchObject({ accept: 'application/json', 'wechatpay-serial': standIn.publicKey.serial })
  })

  it('is never sent twice under one nonce', async () => {
    standIn.answer({ body: open })

    await Promise.all(Array.from({ length: 10 }, query))

    expect(new Set(standIn.asked.map(({ headers }) => /nonce_str="(\w{32})"/.exec(headers.authorization ?? '')?.[1])).size).toBe(10)
  })
})

describe('an answer that verifies', () => {
  it.each([
    [
      'a payment is its amount before coupons',
      paid,
      { status: 'succeeded', transactionId: '4200001234', amount: { minor: 9999, currency: 'CNY' } },
    ],
    ['a payment refunded since was paid', { ...paid, trade_state: 'REFUND' }, { status: 'succeeded' }],
    ['an open order is not decided', open, { status: 'pending', said: 'NOTPAY', isKnownWord: true }],
    ['a closed order stays so', { ...open, trade_state: 'CLOSED' }, { status: 'closed' }],
    ['a word nobody knows is no verdict', { ...open, trade_state: 'BANANA' }, { status: 'pending', said: 'BANANA', isKnownWord: false }],
    ['members nobody knows are left alone', { ...paid, novelty: [{ a: null }] }, { status: 'succeeded' }],
  ])('is believed: %s', async (_name, body, outcome) => {
    standIn.answer({ body })

    expect((await query()).outcome).toMatchObject(outcome)
  })

  it('may be empty: a close is 204 and signed over nothing', async () => {
    standIn.answer({ status: 204 })

    await expect(close()).resolves.toBeUndefined()
  })

  it.each([
    ['of another order', { ...paid, out_trade_no: 'D202601020304050002' }],
    ['of another merchant', { ...paid, mchid: '1900000002' }],
  ])('but is %s is as if none had come', async (_name, body) => {
    standIn.answer({ body })

    await expect(query()).rejects.toMatchObject({ failure: { kind: 'untrusted', code: 'SIGN_ERROR' } })
  })

  it.each([
    ['lacks its number', { ...paid, transaction_id: undefined }],
    ['lacks its amount', { ...paid, amount: undefined }],
    ['has a fraction of a fen', { ...paid, amount: { total: 99.5, currency: 'CNY' } }],
    ['has a currency nobody knows', { ...paid, amount: { total: 9999, currency: 'XXX' } }],
    ['lacks its time', { ...paid, success_time: 'yesterday' }],
    ['is a list', [paid]],
    ['is cut off', JSON.stringify(paid).slice(0, 40)],
    ['is not UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['names a member twice', '{"trade_state":"NOTPAY","trade_state":"SUCCESS"}'],
  ])('but %s is no success: nobody knows', async (_name, body) => {
    standIn.answer({ body })

    await expect(query()).rejects.toMatchObject({ failure: { kind: 'unknown', code: 'CHANNEL_ERROR' } })
  })
})

const without = (name: string) => (headers: Signed) => Object.fromEntries(Object.entries(headers).filter(([one]) => one !== name))
const again = (name: string) => (headers: Signed) => ({ ...headers, [name]: [String(headers[name]), String(headers[name])] })
const put = (name: string, change: (value: string) => string) => (headers: Signed) => ({
  ...headers,
  [name]: change(String(headers[name])),
})
const names = ['wechatpay-timestamp', 'wechatpay-nonce', 'wechatpay-signature', 'wechatpay-serial']

/** Every way in which the signature of an answer can be wrong. */
const wrong: ReadonlyArray<readonly [string, () => Pick<Reply, 'by' | 'change' | 'at'>]> = [
  ['is not signed at all', () => ({ change: () => ({}) })],
  ...names.map((name) => [`lacks ${name}`, () => ({ change: without(name) })] as const),
  ...names.map((name) => [`has ${name} twice`, () => ({ change: again(name) })] as const),
  ['is signed by another key', () => ({ by: standIn.stranger })],
  ['is signed by a key under a serial nobody knows', () => ({ by: { ...standIn.stranger, serial: 'PUB_KEY_ID_1' } })],
  ['is signed by a certificate nobody gave out', () => ({ by: { ...standIn.stranger, serial: '7'.repeat(40) } })],
  ['is a probe', () => ({ change: put('wechatpay-signature', (value) => `WECHATPAY/SIGNTEST/${value}`) })],
  ['has a signature that is not Base64', () => ({ change: put('wechatpay-signature', (value) => `${value}!`) })],
  ['has another nonce', () => ({ change: put('wechatpay-nonce', (value) => `${value}0`) })],
  ['has another timestamp', () => ({ change: put('wechatpay-timestamp', (value) => String(Number(value) - 1)) })],
  ['is stale', () => ({ at: aDay - 300_000 })],
  ['has a timestamp that is none', () => ({ change: put('wechatpay-timestamp', () => 'now') })],
]

describe.each([
  ['a payment', query, { body: paid }],
  ['an empty answer to a close', close, { status: 204 }],
  ['a refusal that claims to be signed', query, { status: 404, body: { code: 'ORDER_NOT_EXIST', message: '订单不存在' } }],
] as const)('%s', (name, act, reply) => {
  const cases = name.startsWith('a refusal') ? wrong.filter(([how]) => how !== 'is not signed at all') : wrong

  it.each(cases)('that %s is not believed', async (_how, spoilt) => {
    standIn.answer({ ...reply, ...spoilt() })

    await expect(act()).rejects.toMatchObject({ failure: { kind: 'untrusted', code: 'SIGN_ERROR' } })
  })
})

describe('an answer signed', () => {
  it.each([
    ['299 s ago', -299_000],
    ['299 s ahead of our clock', 299_000],
  ])('%s is fresh', async (_name, ms) => {
    standIn.answer({ body: open, at: aDay + ms })

    expect((await query()).outcome.status).toBe('pending')
  })

  it.each([
    ['300 s ago', -300_000],
    ['300 s ahead of our clock', 300_000],
  ])('%s is not believed', async (_name, ms) => {
    standIn.answer({ body: open, at: aDay + ms })

    await expect(query()).rejects.toMatchObject({ failure: { kind: 'untrusted', message: expect.stringContaining('stale') } })
  })
})
