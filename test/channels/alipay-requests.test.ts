import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { asAppId, asOpenId } from '../../shared/kernel/ids.ts'
import { moneyOf } from '../../shared/kernel/money.ts'
import { asInstant } from '../../shared/kernel/time.ts'
import { aNumber, anAlipayAttempt, byCertificates, makeAlipayAccounts } from '../support/alipay-account.ts'
import { serialOf } from '../support/alipay-certificates.ts'
import { type AlipayStandIn, appId, miniprogramAppId, startAlipayStandIn } from '../support/alipay-stand-in.ts'
import { aDay, aRefund } from '../support/builders.ts'

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

const made = { code: '10000', msg: 'Success', out_trade_no: aNumber, trade_no: '2026010222001', qr_code: 'https://qr.alipay.com/bax1' }
const asked = () => standIn.asked[0]
const prepare = (ask: Parameters<typeof anAlipayAttempt>[0], credentials = {}) =>
  accounts.open({ credentials }).prepare(anAlipayAttempt(ask).ask)

describe('a request', () => {
  it('is signed over exactly what arrives, and says its time in China', async () => {
    standIn.answer('alipay.trade.precreate', { says: made })

    await prepare({ description: '红茶 +%&=/ “Tea”' })

    expect(asked()).toMatchObject({
      isSigned: true,
      members: {
        app_id: appId,
        format: 'JSON',
        charset: 'utf-8',
        sign_type: 'RSA2',
        timestamp: '2026-01-02 12:00:00',
        version: '1.0',
        notify_url: 'https://shop.example/notify',
      },
    })
    // What is Chinese stands in the body; in which bytes, the address says.
    expect(asked()?.inAddress).toEqual(expect.arrayContaining(['charset', 'sign', 'method']))
    expect(asked()?.inAddress).not.toContain('biz_content')
  })

  it('names the certificates in certificate mode', async () => {
    standIn.answer('alipay.trade.precreate', { says: made, certificate: standIn.certificates.alipay })

    await prepare({}, { trust: byCertificates(standIn) })

    const { app, root } = standIn.certificates
    expect(asked()).toMatchObject({ isSigned: true, members: { app_cert_sn: serialOf(app), alipay_root_cert_sn: serialOf(root) } })
  })

  it('of a service provider carries the merchant’s authorisation, signed, with every call', async () => {
    const account = accounts.open({
      credentials: { appAuthToken: '202601BB0', serviceProvider: '2088000000000009', subMerchant: '2088SUB' },
    })
    standIn.answer('alipay.trade.precreate', { says: made })
    standIn.answer('alipay.trade.query', { says: { ...made, trade_status: 'WAIT_BUYER_PAY' } })
    standIn.answer('alipay.trade.refund', { says: { ...made, fund_change: 'Y' } })

    await account.prepare(anAlipayAttempt().ask)
    await account.query(anAlipayAttempt())
    await account.refund(aRefund({ outTradeNo: aNumber }))

    expect(standIn.asked.map(({ members, isSigned }) => [members.app_auth_token, isSigned])).toEqual([
      ['202601BB0', true],
      ['202601BB0', true],
      ['202601BB0', true],
    ])
    expect(asked()?.content).toMatchObject({
      extend_params: { sys_service_provider_id: '2088000000000009' },
      sub_merchant: { merchant_id: '2088SUB', merchant_type: 'alipay' },
    })
  })
})

describe('a payment', () => {
  it('by a QR code asks for one, until the order expires', async () => {
    standIn.answer('alipay.trade.precreate', { says: made })

    const prepared = await prepare({ description: '红茶 a/b=c&d' })

    expect(prepared).toMatchObject({ action: { type: 'qr', codeUrl: 'https://qr.alipay.com/bax1' }, actionExpiresAt: aDay + 1_800_000 })
    expect(asked()?.content).toEqual({
      out_trade_no: aNumber,
      total_amount: '99.99',
      subject: '红茶 a b c d',
      product_code: 'FACE_TO_FACE_PAYMENT',
      time_expire: '2026-01-02 12:30:00',
    })
  })

  it.each([
    ['0.01', 1],
    ['0.10', 10],
    ['4.35', 435],
    ['100000000.00', 10_000_000_000],
  ])('of %s yuan is asked for with two decimals', async (text, minor) => {
    standIn.answer('alipay.trade.precreate', { says: made })

    await prepare({ amount: moneyOf(minor, 'CNY') })

    expect(asked()?.content.total_amount).toBe(text)
  })

  it.each([
    ['an open_id, as newer apps name people', '074a1CcTG1LelxKe4xQC0zgNdId0nxi95b5lsNpazWYoCo5', 'buyer_open_id', 'buyer_id'],
    ['a user_id, as older apps do', '2088102122524333', 'buyer_id', 'buyer_open_id'],
  ])('in the mini-program names its buyer by %s', async (_name, openId, member, other) => {
    standIn.answer('alipay.trade.create', { says: made })

    const prepared = await prepare({ payType: 'MINIPROGRAM', appId: asAppId(miniprogramAppId), openId: asOpenId(openId) })

    expect(prepared.action).toEqual({ type: 'my.tradePay', tradeNO: '2026010222001' })
    expect(asked()).toMatchObject({
      isSigned: true,
      members: { app_id: miniprogramAppId },
      content: { product_code: 'JSAPI_PAY', op_app_id: miniprogramAppId, [member]: openId },
    })
    expect(asked()?.content).not.toHaveProperty(other)
  })

  it.each([
    ['MWEB', 'alipay.trade.wap.pay', 'QUICK_WAP_PAY'],
    ['PAGE', 'alipay.trade.page.pay', 'FAST_INSTANT_TRADE_PAY'],
  ] as const)('by %s is a signed address, and Alipay hears nothing before it is opened', async (payType, method, product) => {
    const ask = { payType, returnUrl: 'https://shop.example/back?a=1&b=2' }

    const { action } = await prepare(ask, { wapProductCode: 'QUICK_WAP_PAY' })

    expect(standIn.asked).toEqual([])
    if (action.type !== 'redirect') throw new Error(`${action.type} is no address`)
    await fetch(action.url)
    expect(asked()).toMatchObject({
      method,
      isSigned: true,
      members: { return_url: ask.returnUrl, notify_url: 'https://shop.example/notify' },
      content: { out_trade_no: aNumber, product_code: product, time_expire: '2026-01-02 12:30:00' },
    })
  })

  it('runs under the mini-program’s own app there and in its login, under the first everywhere else', () => {
    const two = accounts.open()
    const one = accounts.open({ credentials: { miniprogram: undefined } })

    expect([two.appIdFor('MINIPROGRAM'), two.appIdFor('alipay'), two.appIdFor('JSAPI')]).toEqual([
      miniprogramAppId,
      miniprogramAppId,
      appId,
    ])
    expect([one.appIdFor('MINIPROGRAM'), one.appIdFor('alipay')]).toEqual([appId, appId])
  })

  it('of an app that is not this account’s any more is not asked for', async () => {
    await expect(prepare({ appId: asAppId('2021000000000009') })).rejects.toMatchObject({ failure: { kind: 'unknown' } })
    expect(standIn.asked).toEqual([])
  })
})

describe('a payment by the payer’s code', () => {
  const paid = { ...made, total_amount: '99.99', buyer_open_id: 'o', gmt_payment: '2026-01-02 12:00:01' }
  const byCode = () => prepare({ payType: 'MICROPAY', authCode: '281234567890123456' })
  const says = (answer: object) => standIn.answer('alipay.trade.pay', { says: answer })

  it('that Alipay took at once is paid', async () => {
    says(paid)

    expect(await byCode()).toMatchObject({
      action: { type: 'none' },
      report: {
        source: 'answer',
        outcome: {
          status: 'succeeded',
          transactionId: '2026010222001',
          amount: { minor: 9999, currency: 'CNY' },
          succeededAt: asInstant(Date.parse('2026-01-02T12:00:01+08:00')),
        },
      },
    })
    expect(asked()?.content).toMatchObject({
      scene: 'bar_code',
      auth_code: '281234567890123456',
      product_code: 'FACE_TO_FACE_PAYMENT',
    })
  })

  it.each([
    ['waits for the payer', { ...made, code: '10003', msg: ' order success pay inprocess' }],
    ['lacks its time', { ...paid, gmt_payment: undefined }],
  ])('that %s is asked about later', async (_name, answer) => {
    says(answer)

    const prepared = await byCode()

    expect(prepared).toMatchObject({ action: { type: 'none' } })
    expect(prepared.report).toBeUndefined()
  })

  it.each([
    ['20000', 'aop.unknow-error'],
    ['40004', 'ACQ.SYSTEM_ERROR'],
    ['40004', 'AQC.SYSTEM_ERROR'],
    ['40004', 'ACQ.A_CODE_NOBODY_LISTED'],
    ['77777', ''],
  ])('answered %s %s may have succeeded', async (code, subCode) => {
    says({ code, msg: 'x', sub_code: subCode, out_trade_no: aNumber })

    await expect(byCode()).rejects.toMatchObject({ failure: { kind: 'unknown', code: 'CHANNEL_ERROR' } })
  })

  it('whose answer is lost may have succeeded', async () => {
    standIn.answer('alipay.trade.pay', { fault: 'reset' })

    await expect(byCode()).rejects.toMatchObject({ failure: { kind: 'unknown' } })
  })
})
