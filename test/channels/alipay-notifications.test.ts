import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { asInstant } from '../../shared/kernel/time.ts'
import { aNumber, aSeller, makeAlipayAccounts } from '../support/alipay-account.ts'
import { type AlipayStandIn, appId, miniprogramAppId, startAlipayStandIn } from '../support/alipay-stand-in.ts'
import { aDay } from '../support/builders.ts'

let standIn: AlipayStandIn
let accounts: ReturnType<typeof makeAlipayAccounts>
const clock = { at: aDay }
beforeAll(async () => {
  standIn = await startAlipayStandIn(() => clock.at)
  accounts = makeAlipayAccounts(standIn, clock)
})
beforeEach(() => standIn.reset())
afterAll(async () => {
  await accounts.end()
  await standIn.close()
})

const paid = {
  app_id: appId,
  auth_app_id: appId,
  charset: 'utf-8',
  version: '1.0',
  notify_id: '2026010200222120000000000000000001',
  notify_type: 'trade_status_sync',
  notify_time: '2026-01-02 12:00:03',
  trade_no: '2026010222001',
  out_trade_no: aNumber,
  seller_id: aSeller,
  buyer_id: '2088102122524333',
  trade_status: 'TRADE_SUCCESS',
  total_amount: '99.99',
  buyer_pay_amount: '89.99',
  subject: '红茶 50% + “Tea”',
  fund_bill_list: '[{"amount":"99.99","fundChannel":"ALIPAYACCOUNT"}]',
  gmt_create: '2026-01-02 11:59:00',
  gmt_payment: '2026-01-02 12:00:01',
}
type Members = Record<string, string>
const without = (members: Members, ...names: string[]) =>
  Object.fromEntries(Object.entries(members).filter(([name]) => !names.includes(name)))
const read = (members: Members, signing = {}, credentials = {}) =>
  accounts.open({ credentials }).readNotification(standIn.notice(members, signing))

describe('a notice of a payment', () => {
  it('that verifies says what was paid, when, to whom and in which app', async () => {
    expect(await read(paid)).toEqual({
      kind: 'trade',
      notifyId: paid.notify_id,
      report: {
        source: 'notification',
        channel: 'alipay',
        account: 'default',
        outTradeNo: aNumber,
        outcome: {
          status: 'succeeded',
          transactionId: '2026010222001',
          amount: { minor: 9999, currency: 'CNY' },
          merchantRef: aSeller,
          appId,
          succeededAt: asInstant(Date.parse('2026-01-02T12:00:01+08:00')),
        },
      },
    })
  })

  it.each([
    ['TRADE_FINISHED is paid', { ...paid, trade_status: 'TRADE_FINISHED' }, { status: 'succeeded' }],
    ['TRADE_CLOSED that was never paid is closed', { ...without(paid, 'gmt_payment'), trade_status: 'TRADE_CLOSED' }, { status: 'closed' }],
    ['WAIT_BUYER_PAY is not decided', { ...paid, trade_status: 'WAIT_BUYER_PAY' }, { status: 'pending', isKnownWord: true }],
    ['a word nobody knows is no verdict', { ...paid, trade_status: 'BANANA' }, { status: 'pending', isKnownWord: false }],
    ['members nobody knows take part in the signature', { ...paid, novelty: 'a=b&c' }, { status: 'succeeded' }],
    ['texts that look encoded are taken as they are', { ...paid, body: '100%25 %E5 + &amp;' }, { status: 'succeeded' }],
  ])('%s', async (_name, members, outcome) => {
    expect(await read(members)).toMatchObject({ kind: 'trade', report: { outcome } })
  })

  it.each([
    ['when it was told', without(paid, 'gmt_payment'), '2026-01-02T12:00:03+08:00'],
    ['when it is heard of', without(paid, 'gmt_payment', 'notify_time'), '2026-01-02T12:00:00+08:00'],
  ])('without a time of payment counts from %s', async (_name, members, at) => {
    expect(await read(members)).toMatchObject({ report: { outcome: { status: 'succeeded', succeededAt: Date.parse(at) } } })
  })

  it('names the seller it is for, so that another’s does not match', async () => {
    const other = { ...paid, seller_id: '2088000000000000' }

    expect(await read(other)).toMatchObject({ report: { outcome: { merchantRef: '2088000000000000' } } })
    expect(await read(without(paid, 'seller_id'))).toMatchObject({ report: { outcome: { merchantRef: aSeller } } })
    expect(await read(other, {}, { pid: undefined })).toMatchObject({ report: { outcome: { merchantRef: appId } } })
  })

  it('about something else is genuine and left alone', async () => {
    expect(await read({ ...paid, notify_type: 'open_app_auth_notify' })).toMatchObject({ kind: 'ignored', said: 'open_app_auth_notify' })
    expect(await read({ ...paid, out_trade_no: '茶' })).toMatchObject({ kind: 'ignored' })
  })
})

describe('the signature of a notice', () => {
  it.each([
    ['with empty values signed', { ...paid, body: '' }, {}],
    ['with empty values left out of it', { ...paid, body: '' }, { unsigned: ['body'] }],
    ['with a certificate’s number signed', { ...paid, alipay_cert_sn: 'abc' }, {}],
    ['with a certificate’s number left out of it', { ...paid, alipay_cert_sn: 'abc' }, { unsigned: ['alipay_cert_sn'] }],
    [
      'with empty values signed and a certificate’s number not',
      { ...paid, body: '', alipay_cert_sn: 'abc' },
      { unsigned: ['alipay_cert_sn'] },
    ],
    ['with neither signed', { ...paid, body: '', alipay_cert_sn: 'abc' }, { unsigned: ['alipay_cert_sn', 'body'] }],
  ])('is accepted %s', async (_name, members, signing) => {
    expect(await read(members, signing)).toMatchObject({ kind: 'trade' })
  })

  it.each([
    ['made by somebody else', () => read(paid, { by: standIn.keys.stranger })],
    ['made by our own app', () => read(paid, { by: standIn.keys.app })],
    ['over its sign_type too, as other messages are', () => read(paid, { withSignType: true })],
    ['that leaves the amount out', () => read(paid, { unsigned: ['total_amount'] })],
    ['that leaves the seller out', () => read(paid, { unsigned: ['seller_id'] })],
  ])('is refused when %s', async (_name, reading) => {
    await expect(reading()).rejects.toMatchObject({ name: 'NoticeError', refusal: 'bad_signature' })
  })

  it.each(['total_amount', 'out_trade_no', 'trade_status', 'seller_id', 'gmt_payment', 'subject'] as const)('covers %s', async (name) => {
    const { body, headers } = standIn.notice(paid)
    const form = new URLSearchParams(Buffer.from(body).toString())
    form.set(name, `${form.get(name)}0`)

    const reading = accounts.open().readNotification({ headers, body: Buffer.from(form.toString()) })

    await expect(reading).rejects.toMatchObject({ refusal: 'bad_signature' })
  })

  it('does not cover a member that was added behind it', async () => {
    const { body, headers } = standIn.notice(paid)

    const reading = accounts.open().readNotification({ headers, body: Buffer.concat([body, Buffer.from('&refund_fee=99.99')]) })

    await expect(reading).rejects.toMatchObject({ refusal: 'bad_signature' })
  })
})

describe('a notice is refused', () => {
  const raw = (body: string | Buffer) => accounts.open().readNotification({ headers: {}, body: Buffer.from(body) })

  it.each([
    ['that is empty', ''],
    ['that is JSON', JSON.stringify(paid)],
    ['without a signature', new URLSearchParams(paid).toString()],
    ['with an empty signature', `${new URLSearchParams(paid).toString()}&sign=`],
    ['that is no UTF-8', Buffer.from([0x61, 0x3d, 0xff])],
  ])('%s', async (_name, body) => {
    await expect(raw(body)).rejects.toMatchObject({ name: 'NoticeError', refusal: 'malformed' })
  })

  it('that names a member twice, the genuine one and another', async () => {
    const { body } = standIn.notice(paid)

    for (const more of ['&total_amount=0.01', '&sign=AAAA'])
      await expect(raw(Buffer.concat([body, Buffer.from(more)]))).rejects.toMatchObject({ refusal: 'malformed' })
  })

  it.each([
    ['of another app', { ...paid, app_id: '2021000000000009' }, 'bad_signature'],
    ['without its app', without(paid, 'app_id'), 'bad_signature'],
    ['of a payment without its number', without(paid, 'trade_no'), 'malformed'],
    ['of a payment without its amount', without(paid, 'total_amount'), 'malformed'],
    ['of a payment of half a fen', { ...paid, total_amount: '99.995' }, 'malformed'],
  ])('%s, genuine as it is', async (_name, members, refusal) => {
    await expect(read(members)).rejects.toMatchObject({ name: 'NoticeError', refusal })
  })
})

describe('a notice of a refund', () => {
  const back = { ...paid, refund_fee: '60.00', out_biz_no: 'ref_1', gmt_refund: '2026-01-02 12:00:02.123' }
  const query = 'alipay.trade.fastpay.refund.query'
  const ok = { code: '10000', msg: 'Success', out_trade_no: aNumber, out_request_no: 'ref_1' }

  it.each([
    ['in part', back],
    ['in full', { ...back, trade_status: 'TRADE_CLOSED', refund_fee: '99.99' }],
  ])('%s says which one it is about; how much it was is asked', async (_name, members) => {
    standIn.answer(query, { says: { ...ok, refund_status: 'REFUND_SUCCESS', refund_amount: '10.00' } })

    expect(await read(members)).toMatchObject({
      kind: 'refund',
      report: { outRefundNo: 'ref_1', outTradeNo: aNumber, amount: { minor: 1000 }, outcome: { status: 'succeeded' } },
    })
    expect(standIn.asked[0]?.content).toMatchObject({ out_request_no: 'ref_1', out_trade_no: aNumber })
  })

  it('that a query does not see yet is not taken, so that Alipay tells again', async () => {
    standIn.answer(query, { says: ok })

    await expect(read(back)).rejects.toMatchObject({ failure: { kind: 'unknown' } })
  })

  it('that cannot be asked about is not taken, so that Alipay tells again', async () => {
    standIn.answer(query, { fault: 'reset' })

    await expect(read(back)).rejects.toMatchObject({ failure: { kind: 'unknown' } })
  })

  it.each([
    ['that gives nothing back', { ...back, refund_fee: '0.00' }],
    ['that names no refund', without(back, 'out_biz_no')],
  ])('%s tells of the payment', async (_name, members) => {
    expect(await read(members)).toMatchObject({ kind: 'trade', report: { outcome: { status: 'succeeded' } } })
    expect(standIn.asked).toEqual([])
  })
})

describe('an account', () => {
  it.each([
    [appId, 'this'],
    [miniprogramAppId, 'this'],
    ['2021000000000009', 'another'],
  ])('is told by the app, %s, whether a notice is its own: %s', (app, whose) => {
    expect(accounts.open().addressedTo(standIn.notice({ ...paid, app_id: app }))).toBe(whose)
  })

  it('is not told by a notice that names no app', () => {
    expect(accounts.open().addressedTo({ headers: {}, body: Buffer.from('{}') })).toBe('unsaid')
  })

  it('answers in Alipay’s own words, exactly', () => {
    const { acknowledge } = accounts.open()

    expect(acknowledge({ taken: true })).toMatchObject({ status: 200, body: 'success' })
    expect(acknowledge({ taken: false, status: 401, message: 'bad_signature' })).toMatchObject({ status: 401, body: 'fail' })
  })
})
