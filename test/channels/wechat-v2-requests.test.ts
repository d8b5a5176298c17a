import { createHash } from 'node:crypto'
import { createServer } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { PrepareAsk } from '../../server/core/rules/attempt.ts'
import { asOpenId, asTransactionId } from '../../shared/kernel/ids.ts'
import { moneyOf } from '../../shared/kernel/money.ts'
import { asInstant } from '../../shared/kernel/time.ts'
import { aDay, anAttempt, aRefund } from '../support/builders.ts'
import { makeWechatV2Accounts, miniprogramApp, officialApp } from '../support/wechat-v2-account.ts'
import { startWechatV2StandIn, type V2Asked, v2Signature, type WechatV2StandIn } from '../support/wechat-v2-stand-in.ts'

let standIn: WechatV2StandIn
let accounts: ReturnType<typeof makeWechatV2Accounts>
beforeAll(async () => {
  standIn = await startWechatV2StandIn()
  accounts = makeWechatV2Accounts(standIn.origin)
})
beforeEach(() => {
  standIn.asked.length = 0
})
afterAll(async () => {
  await accounts.end()
  await standIn.close()
})

const given = { prepay_id: 'wx20260102', code_url: 'weixin://wxpay/bizpayurl?pr=1', mweb_url: 'https://wx.tenpay.com/h5?id=1' }
const ask = (more: Partial<PrepareAsk> = {}): PrepareAsk => ({ ...anAttempt().ask, clientIp: '203.0.113.7', ...more })
const only = (): V2Asked => standIn.asked[0] ?? { path: '', members: {}, headers: {}, body: '' }

async function prepared(more: Partial<PrepareAsk>, credentials = {}) {
  standIn.answer({ members: given })
  return accounts.open(credentials).prepare(ask(more))
}

describe('an order', () => {
  it('says what is paid for, by whom, and until when in China', async () => {
    await prepared({ payType: 'JSAPI', appId: officialApp, openId: asOpenId('o-alice') })

    expect(only().path).toBe('/pay/unifiedorder')
    expect(only().members).toEqual({
      appid: officialApp,
      mch_id: '1900000001',
      nonce_str: expect.stringMatching(/^[0-9a-f]{32}$/),
      sign_type: 'HMAC-SHA256',
      body: 'Tea',
      out_trade_no: 'D202601020304050001',
      total_fee: '9999',
      fee_type: 'CNY',
      spbill_create_ip: '203.0.113.7',
      notify_url: 'https://shop.example/notify',
      trade_type: 'JSAPI',
      time_expire: '20260102123000',
      openid: 'o-alice',
      sign: expect.stringMatching(/^[0-9A-F]{64}$/),
    })
  })

  it.each([
    ['NATIVE', { trade_type: 'NATIVE', product_id: 'D202601020304050001' }, ['openid', 'scene_info']],
    ['APP', { trade_type: 'APP' }, ['openid', 'scene_info', 'product_id']],
    ['MINIPROGRAM', { trade_type: 'JSAPI', openid: 'o-payer' }, ['scene_info', 'product_id']],
    ['MWEB', { trade_type: 'MWEB', spbill_create_ip: '203.0.113.7' }, ['openid', 'product_id']],
  ] as const)('by %s carries what that needs, and nothing more', async (payType, members, absent) => {
    await prepared({ payType })

    expect(only().members).toMatchObject(members)
    for (const name of absent) expect(only().members).not.toHaveProperty(name)
  })

  it('in another browser describes the page it comes from', async () => {
    await prepared({ payType: 'MWEB', returnUrl: 'https://shop.example/orders/1?a=1', description: '龙井 "一级" & <茶>' })

    expect(JSON.parse(only().members.scene_info ?? '')).toEqual({
      h5_info: { type: 'Wap', wap_url: 'https://shop.example', wap_name: '龙井 "一级" & <茶>' },
    })
  })

  it('that ends sooner than the channel takes gets five minutes', async () => {
    await prepared({ payType: 'NATIVE', expiresAt: asInstant(aDay + 60_000) })

    expect(only().members.time_expire).toBe('20260102120510')
  })

  it('asked for again has the same parameters, under a new nonce', async () => {
    await prepared({ payType: 'NATIVE' })
    await prepared({ payType: 'NATIVE' })

    const [first, second] = standIn.asked.map(({ members: { nonce_str: nonce, sign, ...rest } }) => ({ nonce, sign, rest }))
    expect(first?.rest).toEqual(second?.rest)
    expect(first?.nonce).not.toBe(second?.nonce)
  })

  it.each([
    ['markup and quotes', 'a <b> & "c" \u2028'],
    ['the end of CDATA', 'a]]>b]]>c'],
    ['control characters, which are left out', 'a\u0000b\u001bc', 'abc'],
    ['more than it may hold, cut at a letter', '茶'.repeat(60), '茶'.repeat(42)],
  ])('whose text has %s is signed as it is read', async (_name, description, read = description) => {
    await prepared({ payType: 'NATIVE', description })

    const { sign, ...members } = only().members
    expect(members.body).toBe(read)
    expect(sign).toBe(v2Signature(members, 'HMAC-SHA256'))
  })
})

describe.each([['MD5'], ['HMAC-SHA256']] as const)('with %s', (signType) => {
  const open = () => accounts.open({ signType })
  const attempt = anAttempt({ transactionId: asTransactionId('4200001234') })
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    '/pay/unifiedorder': () => open().prepare(ask({ payType: 'NATIVE' })),
    '/pay/micropay': () => open().prepare(ask({ payType: 'MICROPAY', authCode: '134579302432164181' })),
    '/pay/orderquery': () => open().query(attempt),
    '/pay/closeorder': () => open().close(attempt),
    '/secapi/pay/reverse': async () => open().reverse?.(attempt),
    '/secapi/pay/refund': () => open().refund(aRefund()),
    '/pay/refundquery': () => open().queryRefund(aRefund()),
  }

  it.each(Object.keys(calls))('%s is signed over what arrives', async (path) => {
    standIn.answer({ status: 503 })

    await calls[path]?.().catch(() => {})

    const { sign, ...members } = only().members
    expect(only().path).toBe(path)
    expect(members).toMatchObject({ mch_id: '1900000001', sign_type: signType })
    expect(sign).toBe(v2Signature(members, signType))
    expect(only().headers).toMatchObject({ 'content-type': 'text/xml; charset=utf-8' })
  })
})

describe('what the payer’s app is called with', () => {
  it.each([['MD5'], ['HMAC-SHA256']] as const)('in WeChat is signed by names with capitals, with %s', async (signType) => {
    const { action } = await prepared({ payType: 'MINIPROGRAM' }, { signType })

    if (action.type !== 'wx.requestPayment') throw new Error(action.type)
    const { paySign, ...params } = action.params
    expect(params).toEqual({
      appId: miniprogramApp,
      timeStamp: String(aDay / 1000),
      nonceStr: expect.stringMatching(/^[0-9a-f]{32}$/),
      package: 'prepay_id=wx20260102',
      signType,
    })
    expect(paySign).toBe(v2Signature(params, signType))
  })

  it('in an app is signed by names without, and does not say how', async () => {
    const { action } = await prepared({ payType: 'APP', appId: officialApp }, { signType: 'MD5' })

    if (action.type !== 'wx.app') throw new Error(action.type)
    const { sign, ...params } = action.params
    expect(params).toMatchObject({ appId: officialApp, partnerId: '1900000001', prepayId: 'wx20260102', packageValue: 'Sign=WXPay' })
    const line =
      `appid=${officialApp}&noncestr=${params.nonceStr}&package=Sign=WXPay&partnerid=1900000001` +
      `&prepayid=wx20260102&timestamp=${params.timeStamp}&key=a-v2-key-of-thirty-two-chars-324`
    expect(sign).toBe(createHash('md5').update(line).digest('hex').toUpperCase())
  })

  it.each([
    ['NATIVE', undefined, { type: 'qr', codeUrl: 'weixin://wxpay/bizpayurl?pr=1' }, 120],
    [
      'MWEB',
      'https://shop.example/done?o=1',
      { type: 'redirect', url: 'https://wx.tenpay.com/h5?id=1&redirect_url=https%3A%2F%2Fshop.example%2Fdone%3Fo%3D1' },
      5,
    ],
  ] as const)('by %s is an address, which lives so long', async (payType, returnUrl, action, minutes) => {
    const answer = await prepared({ payType, returnUrl })

    expect(answer).toMatchObject({ action, actionExpiresAt: aDay + minutes * 60_000 })
  })
})

describe('a refund', () => {
  it('names the payment, both amounts and its own number', async () => {
    standIn.answer({
      members: {
        out_trade_no: 'D202601020304050001',
        out_refund_no: 'ref_1',
        refund_id: '5030001234',
        refund_fee: '1000',
        total_fee: '9999',
      },
    })

    const report = await accounts.open().refund({ ...aRefund({ amount: moneyOf(1000, 'CNY') }), reason: '七天无理由'.repeat(10) })

    expect(only().members).toMatchObject({
      out_trade_no: 'D202601020304050001',
      out_refund_no: 'ref_1',
      refund_fee: '1000',
      total_fee: '9999',
      refund_fee_type: 'CNY',
      notify_url: 'https://shop.example/notify',
      refund_desc: '七天无理由'.repeat(10).slice(0, 26),
    })
    // Accepted is not refunded.
    expect(report).toMatchObject({ source: 'answer', channelRefundId: '5030001234', outcome: { status: 'processing' } })
  })
})

describe('the gateway’s second host', () => {
  it('gets the same bytes when the first cannot be reached at all', async () => {
    const gateway = `http://127.0.0.1:${await freePort()}`
    standIn.answer({ members: given })
    accounts.asked.length = 0

    await accounts.open({ gateway, backupGateway: standIn.origin }).prepare(ask({ payType: 'NATIVE' }))

    const [first, second] = accounts.asked.map(({ body }) => Buffer.from(body ?? []).toString())
    expect(accounts.asked.map(({ url }) => new URL(url).origin)).toEqual([gateway, standIn.origin])
    expect(second).toBe(first)
  })

  it('gets nothing that the first may have taken', async () => {
    standIn.answer({ fault: 'reset' })
    accounts.asked.length = 0

    const asking = accounts.open({ backupGateway: standIn.origin }).prepare(ask({ payType: 'NATIVE' }))

    await expect(asking).rejects.toMatchObject({ failure: { kind: 'unknown' } })
    expect(accounts.asked).toHaveLength(1)
  })
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}
