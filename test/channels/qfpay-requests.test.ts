import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { asOpenId } from '../../shared/kernel/ids.ts'
import { moneyOf } from '../../shared/kernel/money.ts'
import { asInstant } from '../../shared/kernel/time.ts'
import { aDay } from '../support/builders.ts'
import type { Data } from '../support/client.ts'
import { aNumber, aQfpayAttempt, aQfpayRefund, aSyssn, makeQfpayAccounts } from '../support/qfpay-account.ts'
import { appCode, type QfpayStandIn, startQfpayStandIn } from '../support/qfpay-stand-in.ts'

let standIn: QfpayStandIn
let accounts: ReturnType<typeof makeQfpayAccounts>
const clock = { at: aDay }
beforeAll(async () => {
  standIn = await startQfpayStandIn()
  accounts = makeQfpayAccounts(standIn, clock)
})
beforeEach(() => standIn.reset())
afterAll(async () => {
  await accounts.end()
  await standIn.close()
})

const minute = 60_000
const paymentPath = '/trade/v1/payment'
const openId = asOpenId('oo3Lss8d0hLOuyTuSJMVwLTk68JE')
const made = { respcd: '0000', resperr: '', out_trade_no: aNumber, txamt: '8888', txcurrcd: 'HKD', syssn: aSyssn }
const payParams = {
  appId: 'wx1234567890abcdef',
  timeStamp: '1767326400',
  nonceStr: '5K8264ILTKCH16CQ2502SI8ZNMTM67VS',
  package: 'prepay_id=wx02',
  signType: 'MD5',
  paySign: 'C380BEC2BFD727A4B6845133519F3AD6',
}
const asked = () => standIn.asked[0]

type Ask = Parameters<typeof aQfpayAttempt>[0]
type Given = { readonly answer?: Data; readonly credentials?: NonNullable<Parameters<typeof accounts.open>[0]>['credentials'] }

function prepare(ask: Ask, { answer = { qrcode: 'weixin://wxpay/bizpayurl?pr=abc' }, credentials = {} }: Given = {}) {
  standIn.answer(paymentPath, { says: { ...made, ...answer } })
  return accounts.open({ credentials }).prepare(aQfpayAttempt(ask).ask)
}

describe('a request', () => {
  it.each([
    ['MD5', 'MD5'],
    ['SHA256', 'SHA256'],
  ] as const)('is signed with %s over exactly what arrives', async (_name, signType) => {
    await prepare({ description: '小林的咖啡豆' }, { credentials: { signType } })

    expect(asked()).toMatchObject({ method: 'POST', path: paymentPath, isSigned: true, appCode, signType })
    expect(asked()?.members.goods_name).toBe('小林的咖啡豆')
  })

  it('carries the merchant number where one was issued, and none otherwise', async () => {
    await prepare({})
    await prepare({}, { credentials: { mchid: undefined } })

    expect(standIn.asked.map(({ members, isSigned }) => [members.mchid, isSigned])).toEqual([
      ['ZaMVg12345', true],
      [undefined, true],
    ])
  })

  it('sends nothing that has no value', async () => {
    await prepare({ description: '' })

    expect(Object.values(asked()?.members ?? {})).not.toContain('')
    expect(asked()?.members).not.toHaveProperty('goods_name')
  })

  it('has the same bytes with every try, whenever it goes', async () => {
    await prepare({})
    clock.at = asInstant(aDay + 7 * minute)
    await prepare({})
    clock.at = aDay

    expect(standIn.asked[1]?.body).toBe(standIn.asked[0]?.body)
  })

  it.each([
    ['Hong Kong', 480, '2026-01-02 12:00:00'],
    ['Dubai', 240, '2026-01-02 08:00:00'],
    ['a zone west of Greenwich', -210, '2026-01-02 00:30:00'],
  ])('says its time in the zone of the account: %s', async (_name, zoneMinutes, txdtm) => {
    await prepare({}, { credentials: { zoneMinutes } })

    expect(asked()?.members.txdtm).toBe(txdtm)
  })
})

describe('a payment', () => {
  it('by a QR code asks for one, and shows it', async () => {
    const prepared = await prepare({ description: 'Coffee 250g' })

    expect(prepared).toEqual({
      action: { type: 'qr', codeUrl: 'weixin://wxpay/bizpayurl?pr=abc' },
      actionExpiresAt: aDay + 30 * minute,
      channelState: JSON.stringify({ syssn: aSyssn }),
    })
    expect(asked()?.members).toEqual({
      txamt: '8888',
      txcurrcd: 'HKD',
      pay_type: '800201',
      out_trade_no: aNumber,
      txdtm: '2026-01-02 12:00:00',
      goods_name: 'Coffee 250g',
      notify_url: 'https://shop.example/notify',
      expired_time: '30',
      mchid: 'ZaMVg12345',
    })
  })

  it.each([
    ['JPY', 88, '88'],
    ['USD', 8888, '8888'],
    ['THB', 1, '1'],
  ] as const)('in %s goes as whole minor units', async (currency, minor, txamt) => {
    await prepare({ amount: moneyOf(minor, currency) }, { answer: { txamt, txcurrcd: currency, qrcode: 'q' }, credentials: { currency } })

    expect(asked()?.members).toMatchObject({ txamt, txcurrcd: currency })
  })

  it.each([
    ['an order that lives for a minute gets the shortest life there is', 1, '5', 1],
    ['one begun minute counts as a whole', 17.5, '18', 17.5],
    ['an order that lives for a day gets the longest', 24 * 60, '120', 120],
  ])('ends with its order: %s', async (_name, minutes, expired, until) => {
    const prepared = await prepare({ expiresAt: asInstant(aDay + minutes * minute) })

    expect(asked()?.members.expired_time).toBe(expired)
    expect(prepared.actionExpiresAt).toBe(aDay + until * minute)
  })

  it.each([
    ['20 letters', 'A'.repeat(20), 'A'.repeat(20)],
    ['Chinese', '红茶', '红茶'],
    ['21 letters', 'A'.repeat(21), undefined],
    ['special characters', 'Tea & milk', undefined],
  ])('names its goods where QFPay takes the name: %s', async (_name, description, name) => {
    await prepare({ description })

    expect(asked()?.members.goods_name).toBe(name)
  })

  it.each([
    ['special characters', 'Tea & milk (200 ml), for two', 'Tea milk 200 ml for'],
    ['nothing but those', '***', 'D202601020304050001'],
  ])('in an app always names its goods: %s', async (_name, description, name) => {
    const params = {
      appid: 'wx1',
      partnerid: '19',
      prepayid: 'wx02',
      package: 'Sign=WXPay',
      noncestr: 'n',
      timestamp: 1767326400,
      sign: 'S',
    }

    const prepared = await prepare({ payType: 'APP', description }, { answer: { pay_params: params } })

    expect(asked()?.members).toMatchObject({ pay_type: '800210', goods_name: name })
    expect(prepared.action).toEqual({
      type: 'wx.app',
      params: {
        appId: 'wx1',
        partnerId: '19',
        prepayId: 'wx02',
        packageValue: 'Sign=WXPay',
        nonceStr: 'n',
        timeStamp: '1767326400',
        sign: 'S',
      },
    })
  })

  it.each([
    ['JSAPI', '800207'],
    ['MINIPROGRAM', '800213'],
  ] as const)('by %s names the payer, and hands the parameters on as they came', async (payType, code) => {
    const params = { ...payParams, signType: 'RSA' }

    const prepared = await prepare({ payType, openId }, { answer: { pay_params: params } })

    expect(asked()?.members).toMatchObject({ pay_type: code, sub_openid: openId })
    expect(prepared.action).toEqual({ type: 'wx.requestPayment', params })
  })

  it('in WeChat’s browser can be made on QFPay’s own page, when there is a way back', async () => {
    const ask = { payType: 'JSAPI', openId, returnUrl: 'https://shop.example/paid?o=1&k=v', description: 'Coffee 250g' } as const

    const { action } = await prepare(ask, { answer: { pay_params: payParams } })

    if (action.type !== 'wx.requestPayment') throw new Error('it is paid in WeChat')
    expect(Object.fromEntries(new URL(action.cashierUrl ?? '').searchParams)).toEqual({
      mchntnm: 'Pet Shop',
      txamt: '8888',
      currency: 'HKD',
      goods_name: 'Coffee 250g',
      redirect_url: 'https://shop.example/paid?o=1&k=v',
      ...payParams,
    })
  })

  it('in Canada’s WeChat names no payer, and leads to an address', async () => {
    const ask = { payType: 'JSAPI', openId, returnUrl: 'https://shop.example/paid', amount: moneyOf(8888, 'CAD') } as const
    const answer = { txcurrcd: 'CAD', pay_url: 'https://pay.example/?a=1' }

    const { action } = await prepare(ask, { answer, credentials: { currency: 'CAD' } })

    expect(action).toEqual({ type: 'redirect', url: 'https://pay.example/?a=1' })
    expect(asked()?.members).toMatchObject({ pay_type: '800207', return_url: 'https://shop.example/paid' })
    expect(asked()?.members).not.toHaveProperty('sub_openid')
  })

  it('in a phone’s browser says who pays from where, as one text that is signed as it stands', async () => {
    const ask = { payType: 'MWEB', clientIp: '203.0.113.9', returnUrl: 'https://shop.example/paid?o=1', description: '红茶 “Tea”' } as const

    const { action } = await prepare(ask, { answer: { pay_url: 'https://wx.tenpay.com/cgi?prepay_id=wx02' } })

    expect(action).toEqual({
      type: 'redirect',
      url: 'https://wx.tenpay.com/cgi?prepay_id=wx02&redirect_url=https%3A%2F%2Fshop.example%2Fpaid%3Fo%3D1',
    })
    expect(asked()).toMatchObject({ isSigned: true, members: { pay_type: '800212' } })
    expect(JSON.parse(asked()?.members.extend_info ?? '')).toEqual({
      scene_info: { h5_info: { type: 'Wap', wap_url: 'https://shop.example', wap_name: '红茶 “Tea”' } },
      spbill_create_ip: '203.0.113.9',
    })
  })

  it('on a web page goes to Alipay’s address, unchanged', async () => {
    const ask = { payType: 'PAGE', returnUrl: 'https://shop.example/paid' } as const

    const { action } = await prepare(ask, { answer: { pay_url: 'https://globalmapi.alipay.com/?a=1' } })

    expect(action).toEqual({ type: 'redirect', url: 'https://globalmapi.alipay.com/?a=1' })
    expect(asked()?.members).toMatchObject({ pay_type: '801101', return_url: 'https://shop.example/paid' })
  })

  it.each([
    ['WeChat’s', '134579302432164181', {}, '800208'],
    ['Alipay’s', '280438849930815813', {}, '800108'],
    ['anybody’s, on an account with one code for all', '621234567890123456789', { MICROPAY: '800008' }, '800008'],
  ])('by a shown code is asked for by whose it is: %s', async (_name, authCode, codes, payType) => {
    await prepare({ payType: 'MICROPAY', authCode }, { answer: { paydtm: '2026-01-02 12:00:01' }, credentials: { codes } })

    expect(asked()?.members).toMatchObject({
      pay_type: payType,
      auth_code: authCode,
      txamt: '8888',
      notify_url: 'https://shop.example/notify',
    })
    expect(asked()?.members).not.toHaveProperty('expired_time')
  })

  it('by a code that is nobody’s is refused before anything is sent', async () => {
    await expect(prepare({ payType: 'MICROPAY', authCode: '621234567890123456789' })).rejects.toMatchObject({
      failure: { kind: 'refused', refusal: 'invalid', code: 'PARAM_ERROR' },
    })
    expect(standIn.asked).toEqual([])
  })

  it('goes by another of QFPay’s types where the account says so', async () => {
    await prepare({}, { credentials: { codes: { NATIVE: '801501' } } })

    expect(asked()?.members.pay_type).toBe('801501')
    expect(accounts.open({ credentials: { codes: { NATIVE: '801501' } } }).payTypes).toEqual(['NATIVE', 'MICROPAY'])
  })
})

describe('what is done with a payment', () => {
  it('asks about it by our number', async () => {
    standIn.answer('/trade/v1/query', { says: { respcd: '0000', data: [] } })

    await accounts.open().query(aQfpayAttempt())

    expect(asked()).toMatchObject({ method: 'POST', isSigned: true, members: { out_trade_no: aNumber, mchid: 'ZaMVg12345' } })
  })

  it.each([
    ['NATIVE', undefined, '/trade/v1/close'],
    ['JSAPI', undefined, '/trade/v1/close'],
    ['MINIPROGRAM', undefined, '/trade/v1/close'],
    ['MWEB', undefined, '/trade/v1/close'],
    ['APP', undefined, '/trade/v1/close'],
    ['PAGE', undefined, '/trade/v1/reversal'],
    ['MICROPAY', '134579302432164181', '/trade/v1/reversal'],
    ['MICROPAY', '280438849930815813', '/trade/v1/reversal'],
  ] as const)('ends %s (code %s) by %s', async (payType, authCode, path) => {
    const account = accounts.open()
    standIn.answer(path, { says: { respcd: '0000', syssn: '9', orig_syssn: aSyssn } })
    const attempt = aQfpayAttempt({ payType, authCode }, { channelState: JSON.stringify({ syssn: aSyssn }) })

    await (payType === 'MICROPAY' ? account.reverse?.(attempt) : account.close(attempt))

    expect(standIn.asked).toHaveLength(1)
    expect(asked()).toMatchObject({ method: 'POST', path, isSigned: true })
    expect(asked()?.members).toEqual({ syssn: aSyssn, txamt: '8888', txdtm: '2026-01-02 12:00:00', mchid: 'ZaMVg12345' })
  })

  it.each([
    ['NATIVE', undefined, { 800201: 'reversal' }, '/trade/v1/reversal'],
    ['PAGE', undefined, { 801101: 'close' }, '/trade/v1/close'],
    ['MICROPAY', '134579302432164181', { 800208: 'close' }, '/trade/v1/close'],
  ] as const)('ends %s as the account says', async (payType, authCode, endRules, path) => {
    const account = accounts.open({ credentials: { endRules } })
    standIn.answer(path, { says: { respcd: '0000' } })
    const attempt = aQfpayAttempt({ payType, authCode })

    await (payType === 'MICROPAY' ? account.reverse?.(attempt) : account.close(attempt))

    expect(standIn.asked.map((one) => one.path)).toEqual([path])
  })

  it('ends it by our number where QFPay’s is not known', async () => {
    standIn.answer('/trade/v1/close', { says: { respcd: '0000' } })

    await accounts.open().close(aQfpayAttempt())

    expect(asked()?.members).toMatchObject({ out_trade_no: aNumber, txamt: '8888' })
    expect(asked()?.members).not.toHaveProperty('syssn')
  })

  it('refunds by QFPay’s number of the payment, under a number of the refund’s own', async () => {
    standIn.answer('/trade/v1/refund', { says: { respcd: '0000', syssn: '77', orig_syssn: aSyssn } })

    await accounts.open().refund(aQfpayRefund())

    expect(asked()).toMatchObject({ method: 'POST', isSigned: true })
    expect(asked()?.members).toEqual({
      syssn: aSyssn,
      out_trade_no: 'ref_1',
      txamt: '1000',
      txdtm: '2026-01-02 12:00:00',
      mchid: 'ZaMVg12345',
    })
  })

  it('learns QFPay’s number first where it is not known', async () => {
    const payment = { order_type: 'payment', respcd: '0000', syssn: aSyssn, out_trade_no: aNumber }
    standIn.answer('/trade/v1/query', { says: { respcd: '0000', data: [payment] } })
    standIn.answer('/trade/v1/refund', { says: { respcd: '0000', syssn: '77' } })

    await accounts.open().refund(aQfpayRefund({ transactionId: undefined }))

    expect(standIn.asked.map(({ path, members }) => [path, members.syssn])).toEqual([
      ['/trade/v1/query', undefined],
      ['/trade/v1/refund', aSyssn],
    ])
  })
})
