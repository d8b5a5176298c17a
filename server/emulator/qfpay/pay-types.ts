import type { QfpayCredentials } from './credentials.ts'

/** How a payer gets to a payment: by the code he shows, a picture, his wallet's bridge, an app, or an address. */
export type Way = 'code' | 'qr' | 'wechatBridge' | 'alipayBridge' | 'app' | 'url'

/** The types of the fact sheet §6 that have another side here. */
const ways: Readonly<Record<string, Way>> = {
  '800008': 'code',
  '800108': 'code',
  '800208': 'code',
  '800101': 'qr',
  '800201': 'qr',
  '801501': 'qr',
  '800207': 'wechatBridge',
  '800213': 'wechatBridge',
  '800107': 'alipayBridge',
  '800210': 'app',
  '800212': 'url',
  '801101': 'url',
  '801107': 'url',
  '801512': 'url',
  '801514': 'url',
}

/** @returns undefined for a type that nobody has here. */
export function wayOf(payType: string, region: QfpayCredentials['region']): Way | undefined {
  return region === 'CA' && payType === '800207' ? 'url' : ways[payType]
}

const wechatCode = /^1[0-5]\d{16}$/
const alipayCode = /^(2[5-9]|30)\d{14,22}$/

/** Whether a code is one that the type takes: of WeChat, of Alipay, or of either. */
export function fitsType(authCode: string, payType: string): boolean {
  const isOfWechat = payType !== '800108' && wechatCode.test(authCode)
  return isOfWechat || (payType !== '800208' && alipayCode.test(authCode))
}
