import type { AccountId, AppId } from '../../../shared/kernel/ids.ts'
import type { ChannelName, PayType } from '../../../shared/kernel/pay.ts'
import type { Device, WayKind } from '../../../shared/kernel/pay-page.ts'

/** What an account offers, as far as a page has to know. */
export type Offer = {
  readonly channel: ChannelName
  readonly account: AccountId
  readonly payTypes: readonly PayType[]
  /** The app under which payments in WeChat run. */
  readonly appId: AppId | undefined
  /** Its own way to learn who pays; for one payment, or for a session. */
  readonly login: 'payment' | 'session' | undefined
}

type AccountName = { readonly channel: ChannelName; readonly account: AccountId }

/** How an order can be paid on a device. */
export type Way = AccountName & {
  readonly kind: WayKind
  readonly payType: PayType
  /** Who pays has to be known before: for this payment alone, or by a session of that app, asked for at an account. */
  readonly login?: { readonly for: 'payment' | 'session'; readonly at: AccountName; readonly appId: AppId | undefined } | undefined
}

/** In whose browser a channel's payments are made. QFPay stands in front of WeChat's wallet. */
const browsers: Readonly<Record<ChannelName, 'wechat' | 'alipay'>> = { wechat: 'wechat', qfpay: 'wechat', alipay: 'alipay' }

/**
 * One way for each wallet that can be used on the device, in the order of the accounts: to a payer WeChat Pay is the same through whomever.
 * Any account of `logins` may say who pays.
 */
export function waysOn(device: Device, offers: readonly Offer[], logins: readonly Offer[]): Way[] {
  const ways = offers.flatMap((offer) => wayOn(device, offer, logins) ?? [])
  return ways.filter((way, nth) => ways.findIndex((one) => browsers[one.channel] === browsers[way.channel]) === nth)
}

function wayOn(device: Device, offer: Offer, logins: readonly Offer[]): Way | undefined {
  const { channel, account, payTypes } = offer
  const has = (payType: PayType) => payTypes.includes(payType)
  const way = (kind: WayKind, payType: PayType): Way => ({ channel, account, kind, payType })
  switch (device) {
    case 'desktop':
      if (has('NATIVE')) return way('scan', 'NATIVE')
      return has('PAGE') ? way('leave', 'PAGE') : undefined
    case 'phone':
      if (has('MWEB')) return way('leave', 'MWEB')
      return has('NATIVE') ? way('scan', 'NATIVE') : undefined
    case 'alipay':
      return browsers[channel] === 'alipay' && has('MWEB') ? way('leave', 'MWEB') : undefined
    case 'wechat':
      return browsers[channel] === 'wechat' && has('JSAPI') ? inWechat(offer, logins) : undefined
    case 'miniprogram':
      return undefined
  }
}

/** The account's own login, or that of another which runs under the same app. */
function inWechat(offer: Offer, logins: readonly Offer[]): Way | undefined {
  const { channel, account, appId } = offer
  const isOfApp = (one: Offer) => one.channel === 'wechat' && one.login === 'session' && appId !== undefined && one.appId === appId
  const at = offer.login === undefined ? logins.find(isOfApp) : offer
  if (at?.login === undefined) return undefined
  const login = { for: at.login, at: { channel: at.channel, account: at.account }, appId }
  return { channel, account, kind: at.login === 'payment' ? 'leave' : 'bridge', payType: 'JSAPI', login }
}
