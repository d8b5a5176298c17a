import { describe, expect, it } from '@jest/globals'
import { deviceOf } from '../../../server/core/rules/device.ts'
import { type Offer, waysOn } from '../../../server/core/rules/ways.ts'
import { asAppId, asOwnId, defaultAccount } from '../../../shared/kernel/ids.ts'
import type { Device } from '../../../shared/kernel/pay-page.ts'

const wechat: Offer = {
  channel: 'wechat',
  account: defaultAccount,
  payTypes: ['JSAPI', 'NATIVE', 'MWEB'],
  appId: asAppId('wxa'),
  login: 'session',
}
const qfpay: Offer = { ...wechat, channel: 'qfpay', login: 'payment' }
const alipay: Offer = {
  channel: 'alipay',
  account: defaultAccount,
  payTypes: ['JSAPI', 'NATIVE', 'MWEB', 'PAGE'],
  appId: asAppId('2021'),
  login: 'session',
}

const told = (device: Device, offers: readonly Offer[], logins = offers) =>
  waysOn(device, offers, logins).map(({ channel, kind, payType }) => `${channel} ${kind} ${payType}`)

describe('how an order can be paid', () => {
  it.each<[Device, string[]]>([
    ['desktop', ['wechat scan NATIVE', 'alipay scan NATIVE']],
    ['phone', ['wechat leave MWEB', 'alipay leave MWEB']],
    ['wechat', ['wechat bridge JSAPI']],
    ['alipay', ['alipay leave MWEB']],
    ['miniprogram', []],
  ])('on a device: %s', (device, ways) => {
    expect(told(device, [wechat, alipay])).toEqual(ways)
  })

  it('is by a code on a phone, and by a page on a desktop, where the account has nothing else', () => {
    expect(told('phone', [{ ...wechat, payTypes: ['NATIVE'] }])).toEqual(['wechat scan NATIVE'])
    expect(told('desktop', [{ ...alipay, payTypes: ['PAGE'] }])).toEqual(['alipay leave PAGE'])
  })

  it('is one way a wallet, whoever stands behind it', () => {
    expect(told('desktop', [wechat, qfpay, alipay])).toEqual(['wechat scan NATIVE', 'alipay scan NATIVE'])
    expect(told('wechat', [{ ...wechat, login: undefined }, qfpay])).toEqual(['qfpay leave JSAPI'])
  })

  it('is at the account that stands first', () => {
    const second = { ...wechat, account: asOwnId('AccountId', 'second') }

    expect(waysOn('desktop', [wechat, second], [])).toMatchObject([{ account: 'default' }])
  })

  it('inside WeChat needs somebody who says who pays', () => {
    expect(told('wechat', [{ ...wechat, login: undefined }])).toEqual([])
  })

  it('inside WeChat through QFPay leads to its page, by its own login', () => {
    expect(waysOn('wechat', [qfpay], [wechat, qfpay])).toMatchObject([
      { channel: 'qfpay', kind: 'leave', login: { for: 'payment', at: { channel: 'qfpay' } } },
    ])
  })

  it('inside WeChat through QFPay stays on the page where it is bound to the merchant’s own official account', () => {
    const bound = { ...qfpay, login: undefined }

    expect(waysOn('wechat', [bound], [wechat, bound])).toMatchObject([
      { channel: 'qfpay', kind: 'bridge', login: { for: 'session', at: { channel: 'wechat' }, appId: 'wxa' } },
    ])
    expect(told('wechat', [bound], [{ ...wechat, appId: asAppId('wxb') }])).toEqual([])
  })
})

describe('a browser', () => {
  const mobile = 'Mozilla/5.0 (Linux; Android 14) Chrome/126 Mobile Safari/537.36'
  it.each<[string, Device]>([
    ['Mozilla/5.0 (X11; Linux x86_64) Chrome/126 Safari/537.36', 'desktop'],
    ['', 'desktop'],
    [mobile, 'phone'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Safari/604.1', 'phone'],
    [`${mobile} MicroMessenger/8.0.49 Language/zh_CN`, 'wechat'],
    ['Mozilla/5.0 (Windows NT 10.0) WindowsWechat MicroMessenger/7.0', 'wechat'],
    [`${mobile} MicroMessenger/8.0.49 miniProgram/wx0123456789abcdef`, 'miniprogram'],
    [`${mobile} AlipayClient/10.5.96`, 'alipay'],
  ])('that says %j is: %s', (userAgent, device) => {
    expect(deviceOf(userAgent)).toBe(device)
  })
})
