import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { ChannelAccount } from '../../server/channels/channel.ts'
import { payerOf, type WechatPayer } from '../../server/channels/wechat/payer.ts'
import { type AppId, asAppId, asOpenId } from '../../shared/kernel/ids.ts'
import { aDay, anAttempt, aRefund } from '../support/builders.ts'
import { makeWechatAccounts } from '../support/wechat-account.ts'
import { startWechatStandIn, type WechatStandIn } from '../support/wechat-stand-in.ts'
import { arrived, makeWechatV2Accounts, officialApp, refundLetter, subMchid } from '../support/wechat-v2-account.ts'
import { sealedReqInfo, signedXml, startWechatV2StandIn, v2Signature, type WechatV2StandIn, xmlOf } from '../support/wechat-v2-stand-in.ts'

/** The mini-program is the merchant's own, the official account the provider's. */
const subApp = asAppId('wx00000000000000c3')
const foreignApp = asAppId('wx00000000000000ff')
const sub = { mchid: subMchid, appId: subApp }
const provider = '1900000001'
const apps = { sub, miniprogramAppId: subApp }
const outTradeNo = 'D202601020304050001'

let v3: WechatStandIn
let v2: WechatV2StandIn
let v3Accounts: ReturnType<typeof makeWechatAccounts>
let v2Accounts: ReturnType<typeof makeWechatV2Accounts>
beforeAll(async () => {
  v3 = await startWechatStandIn(() => aDay)
  v2 = await startWechatV2StandIn()
  v3Accounts = makeWechatAccounts(v3, { at: aDay })
  v2Accounts = makeWechatV2Accounts(v2.origin)
})
beforeEach(() => {
  v3.asked.length = 0
  v2.asked.length = 0
})
afterAll(async () => {
  await Promise.all([v3Accounts.end(), v2Accounts.end()])
  await Promise.all([v3.close(), v2.close()])
})

const attemptUnder = (appId: AppId, payType: 'JSAPI' | 'MINIPROGRAM' | 'NATIVE' | 'APP' = 'MINIPROGRAM') =>
  anAttempt({ ask: { ...anAttempt().ask, appId, payType, openId: asOpenId('o-payer') } })
const bodyAsked = () => JSON.parse(v3.asked[0]?.body.toString() || '{}')
const openV3 = () => v3Accounts.open({ credentials: apps })
const openV2 = () => v2Accounts.open(apps)

describe('a payer of a provider', () => {
  const merchant = { mchid: provider, sub }

  it.each<[string, Parameters<typeof payerOf>[0], AppId, WechatPayer]>([
    ['in the merchant’s app is the merchant’s', merchant, subApp, { mode: 'subMerchant', subAppId: subApp, subOpenId: asOpenId('o') }],
    ['in the provider’s app is the provider’s', merchant, officialApp, { mode: 'provider', spOpenId: asOpenId('o') }],
    [
      'whose merchant has no app is the provider’s',
      { mchid: provider, sub: { mchid: subMchid, appId: undefined } },
      officialApp,
      { mode: 'provider', spOpenId: asOpenId('o') },
    ],
    ['who is none is plain', { mchid: provider, sub: undefined }, officialApp, { mode: 'direct', openId: asOpenId('o') }],
  ])('%s', (_name, given, appId, payer) => {
    expect(payerOf(given, { appId, openId: asOpenId('o') })).toEqual(payer)
  })

  it('cannot be named by the openid of another app', () => {
    // @ts-expect-error An openid of the provider's app is not one of the merchant's.
    const wrong: WechatPayer = { mode: 'provider', subOpenId: asOpenId('o') }
    // @ts-expect-error An openid of the merchant's app does not go without that app.
    const bare: WechatPayer = { mode: 'subMerchant', subOpenId: asOpenId('o') }
    expect([wrong.mode, bare.mode]).toEqual(['provider', 'subMerchant'])
  })
})

describe('a provider by v3', () => {
  const open = {
    sp_appid: officialApp,
    sp_mchid: provider,
    sub_appid: subApp,
    sub_mchid: subMchid,
    out_trade_no: outTradeNo,
    trade_state: 'NOTPAY',
  }
  const paid = {
    ...open,
    trade_state: 'SUCCESS',
    transaction_id: '4200001234',
    success_time: '2026-01-02T12:00:01+08:00',
    amount: { total: 9999, currency: 'CNY' },
    payer: { sp_openid: 'o-sp', sub_openid: 'o-sub' },
  }
  const query = () => openV3().query(attemptUnder(subApp))

  it.each([
    ['MINIPROGRAM', subApp, '/jsapi', { payer: { sub_openid: 'o-payer' } }],
    ['JSAPI', officialApp, '/jsapi', { payer: { sp_openid: 'o-payer' } }],
    ['NATIVE', officialApp, '/native', {}],
    ['APP', officialApp, '/app', {}],
  ] as const)('orders by %s under %s', async (payType, appId, path, more) => {
    v3.answer({ body: { prepay_id: 'wx1', code_url: 'weixin://wxpay/a' } })

    await openV3().prepare(attemptUnder(appId, payType).ask)

    expect(v3.asked[0]?.url).toBe(`/v3/pay/partner/transactions${path}`)
    expect(bodyAsked()).toMatchObject({ sp_appid: officialApp, sp_mchid: provider, sub_appid: subApp, sub_mchid: subMchid, ...more })
    expect(bodyAsked()).not.toHaveProperty('mchid')
    expect(bodyAsked()).not.toHaveProperty('appid')
    expect(Object.keys(bodyAsked().payer ?? {})).toEqual(Object.keys('payer' in more ? more.payer : {}))
    // The provider signs, whoever the merchant is.
    expect(v3.asked[0]?.headers.authorization).toContain(`mchid="${provider}"`)
  })

  it('calls the payer’s app under the app he is in', async () => {
    v3.answer({ body: { prepay_id: 'wx1' } })

    expect((await openV3().prepare(attemptUnder(subApp).ask)).action).toMatchObject({ params: { appId: subApp } })
    expect((await openV3().prepare(attemptUnder(officialApp, 'JSAPI').ask)).action).toMatchObject({ params: { appId: officialApp } })
    expect((await openV3().prepare(attemptUnder(officialApp, 'APP').ask)).action).toMatchObject({ params: { partnerId: subMchid } })
  })

  it('asks, closes and refunds for the merchant', async () => {
    v3.answer({ body: open })
    await query()
    v3.answer({ status: 204 })
    await openV3().close(attemptUnder(subApp))
    v3.answer({ body: { out_refund_no: 'ref_1', out_trade_no: outTradeNo, status: 'PROCESSING', amount: { refund: 1000, total: 9999 } } })
    await openV3().refund(aRefund())
    await openV3().queryRefund(aRefund())

    const [asked, closed, refunded, refundAsked] = v3.asked
    expect(asked?.url).toBe(`/v3/pay/partner/transactions/out-trade-no/${outTradeNo}?sp_mchid=${provider}&sub_mchid=${subMchid}`)
    expect(closed?.url).toBe(`/v3/pay/partner/transactions/out-trade-no/${outTradeNo}/close`)
    expect(JSON.parse(closed?.body.toString() ?? '')).toEqual({ sp_mchid: provider, sub_mchid: subMchid })
    expect(refunded?.url).toBe('/v3/refund/domestic/refunds')
    expect(JSON.parse(refunded?.body.toString() ?? '')).toMatchObject({ sub_mchid: subMchid, out_refund_no: 'ref_1' })
    expect(refundAsked?.url).toBe(`/v3/refund/domestic/refunds/ref_1?sub_mchid=${subMchid}`)
  })

  it.each([
    ['both openids', paid.payer],
    ['the provider’s openid', { sp_openid: 'o-sp' }],
    ['no openid', {}],
  ])('believes a payment to the merchant, told with %s', async (_name, payer) => {
    v3.answer({ body: { ...paid, payer } })

    expect((await query()).outcome).toMatchObject({ status: 'succeeded', merchantRef: subMchid, amount: { minor: 9999 }, appId: undefined })
  })

  it.each([
    ['app of another provider', { ...paid, sp_appid: foreignApp }],
    ['app of another merchant', { ...paid, sub_appid: foreignApp }],
  ])('tells of an %s', async (_name, body) => {
    v3.answer({ body })

    expect((await query()).outcome).toMatchObject({ status: 'succeeded', appId: foreignApp })
  })

  it.each([
    ['another merchant’s', { ...paid, sub_mchid: '1900000110' }],
    ['another provider’s', { ...paid, sp_mchid: '1900000002' }],
    ['nobody’s provider’s', { ...paid, sp_mchid: undefined }],
    ['the provider’s own', { ...paid, sp_mchid: undefined, sub_mchid: undefined, mchid: provider, appid: officialApp }],
  ])('does not believe an answer about %s order', async (_name, body) => {
    v3.answer({ body })

    await expect(query()).rejects.toMatchObject({ failure: { kind: 'untrusted' } })
  })

  it('is told of payments and refunds of the merchant, and refuses another provider’s', async () => {
    const refunded = {
      ...{ sp_mchid: provider, sub_mchid: subMchid, out_trade_no: outTradeNo, out_refund_no: 'ref_1', refund_id: '503' },
      ...{ refund_status: 'SUCCESS', success_time: '2026-01-02T12:30:00+08:00', amount: { total: 9999, refund: 1000 } },
    }
    const read = (holds: object, type = 'TRANSACTION.SUCCESS') => openV3().readNotification(v3.notice({ holds, type }))

    expect(await read(paid)).toMatchObject({ report: { outcome: { status: 'succeeded', merchantRef: subMchid } } })
    expect(await read(refunded, 'REFUND.SUCCESS')).toMatchObject({ report: { merchantRef: subMchid, outcome: { status: 'succeeded' } } })
    await expect(read({ ...paid, sp_mchid: '1900000002' })).rejects.toMatchObject({ refusal: 'malformed' })
    await expect(read({ ...refunded, sp_mchid: '1900000002' }, 'REFUND.SUCCESS')).rejects.toMatchObject({ refusal: 'malformed' })
  })
})

describe('a provider by v2', () => {
  const common = {
    return_code: 'SUCCESS',
    result_code: 'SUCCESS',
    appid: officialApp,
    mch_id: provider,
    sub_appid: subApp,
    sub_mch_id: subMchid,
  }
  const paid = {
    out_trade_no: outTradeNo,
    trade_state: 'SUCCESS',
    openid: 'o-sp',
    sub_openid: 'o-sub',
    transaction_id: '4200001234',
    total_fee: '9999',
    time_end: '20260102120001',
  }
  const query = () => openV2().query(attemptUnder(subApp))

  it.each([
    ['MINIPROGRAM', subApp, { trade_type: 'JSAPI', sub_openid: 'o-payer' }, 'openid'],
    ['JSAPI', officialApp, { trade_type: 'JSAPI', openid: 'o-payer' }, 'sub_openid'],
    ['NATIVE', officialApp, { trade_type: 'NATIVE' }, 'openid'],
  ] as const)('orders by %s under %s', async (payType, appId, members, absent) => {
    v2.answer({ members: { prepay_id: 'wx1', code_url: 'weixin://wxpay/a' } })

    await openV2().prepare(attemptUnder(appId, payType).ask)

    const { sign, ...asked } = v2.asked[0]?.members ?? {}
    expect(asked).toMatchObject({ appid: officialApp, mch_id: provider, sub_appid: subApp, sub_mch_id: subMchid, ...members })
    expect(asked).not.toHaveProperty(absent)
    expect(sign).toBe(v2Signature(asked, 'HMAC-SHA256'))
  })

  it('calls the payer’s app under the app he is in', async () => {
    v2.answer({ members: { prepay_id: 'wx1' } })

    expect((await openV2().prepare(attemptUnder(subApp).ask)).action).toMatchObject({ params: { appId: subApp } })
    expect((await openV2().prepare(attemptUnder(officialApp, 'APP').ask)).action).toMatchObject({ params: { partnerId: subMchid } })
  })

  it('names the merchant in whatever it asks', async () => {
    v2.answer({ status: 503 })
    const account = openV2()
    const calls: Array<(one: ChannelAccount) => unknown> = [
      (one) => one.close(attemptUnder(subApp)),
      (one) => one.reverse?.(attemptUnder(subApp)),
      (one) => one.refund(aRefund()),
      (one) => one.queryRefund(aRefund()),
      (one) => one.bill?.({ kind: 'trade', day: '2026-01-02' }),
    ]

    for (const call of calls) await Promise.resolve(call(account)).catch(() => {})

    expect(v2.asked.map(({ members }) => [members.appid, members.mch_id, members.sub_mch_id])).toEqual(
      calls.map(() => [officialApp, provider, subMchid]),
    )
  })

  it.each([
    ['both openids', paid],
    ['the provider’s openid', { ...paid, sub_openid: '' }],
  ])('believes a payment to the merchant, told with %s', async (_name, members) => {
    v2.answer({ members })

    expect((await query()).outcome).toMatchObject({ status: 'succeeded', merchantRef: subMchid, appId: undefined })
  })

  it('tells of an app of another merchant', async () => {
    v2.answer({ members: { ...paid, sub_appid: foreignApp } })

    expect((await query()).outcome).toMatchObject({ status: 'succeeded', appId: foreignApp })
  })

  it.each([
    ['another merchant’s', { ...paid, sub_mch_id: '1900000110' }],
    ['no merchant’s', { ...paid, sub_mch_id: '' }],
    ['another provider’s', { ...paid, mch_id: '1900000002' }],
  ])('does not believe an answer about %s order', async (_name, members) => {
    v2.answer({ members })

    await expect(query()).rejects.toMatchObject({ failure: { kind: 'untrusted' } })
  })

  it('is told of the merchant’s payments, and refuses another merchant’s, though the provider’s key signed it', async () => {
    const told = { ...common, ...paid, nonce_str: 'n' }

    expect(await openV2().readNotification(arrived(signedXml(told)))).toMatchObject({ report: { outcome: { merchantRef: subMchid } } })
    for (const members of [
      { ...told, sub_mch_id: '1900000110' },
      { ...told, sub_mch_id: '' },
    ])
      await expect(openV2().readNotification(arrived(signedXml(members)))).rejects.toMatchObject({ refusal: 'bad_signature' })
    const letter = refundLetter(sealedReqInfo({ out_refund_no: 'ref_1', out_trade_no: outTradeNo }), { sub_mch_id: '1900000110' })
    await expect(openV2().readNotification(letter)).rejects.toMatchObject({ refusal: 'bad_signature' })
    expect(v2.asked).toEqual([])
  })

  it.each([
    ['ours', { mch_id: provider, sub_mch_id: subMchid }, 'this'],
    ['another merchant’s of the same provider', { mch_id: provider, sub_mch_id: '1900000110' }, 'another'],
    ['the provider’s own', { mch_id: provider }, 'another'],
    ['nobody’s', { sub_mch_id: subMchid }, 'unsaid'],
  ])('sees, unverified, whether a notification is %s', (_name, members, addressee) => {
    expect(openV2().addressedTo(arrived(xmlOf(members)))).toBe(addressee)
  })

  it('reads the merchant’s number from his bill, and no app: the provider’s stands there, by whichever was paid', async () => {
    const names = '交易时间,公众账号ID,商户号,特约商户号,微信订单号,商户订单号,交易状态,货币种类,订单金额,手续费,费率'
    const line = `\`2026-01-02 12:00:01,\`${officialApp},\`${provider},\`${subMchid},\`4200001234,\`${outTradeNo},\`SUCCESS,\`CNY,\`99.99,\`0.60000,\`0.60%`
    v2.answer({ body: [names, line, '总交易单数', '`1'].join('\n') })

    const bill = await openV2().bill?.({ kind: 'trade', day: '2026-01-02' })
    const lines = []
    for await (const some of bill ?? []) lines.push(...some)

    expect(lines).toMatchObject([{ kind: 'payment', merchantRef: subMchid, outTradeNo, appId: undefined }])
  })
})
