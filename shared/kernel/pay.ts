/** The channels the product knows by name. */
export const channelNames = ['wechat', 'qfpay', 'alipay'] as const
export type ChannelName = (typeof channelNames)[number]

/** The ways to pay. `H5` is accepted as another name of `MWEB` on the wire. */
export const payTypes = ['NATIVE', 'JSAPI', 'MINIPROGRAM', 'MWEB', 'APP', 'MICROPAY', 'PAGE'] as const
export type PayType = (typeof payTypes)[number]

/** What `wx.requestPayment` takes; `appId` is for the bridge of official-account pages and not passed to mini-programs. */
export type RequestPaymentParams = {
  readonly appId: string
  readonly timeStamp: string
  readonly nonceStr: string
  readonly package: string
  readonly signType: 'RSA' | 'MD5' | 'HMAC-SHA256'
  readonly paySign: string
}

/** What an app hands to WeChat's open SDK. */
export type AppPaymentParams = {
  readonly appId: string
  readonly partnerId: string
  readonly prepayId: string
  readonly packageValue: string
  readonly nonceStr: string
  readonly timeStamp: string
  readonly sign: string
}

/** What a client does to let the payer pay. */
export type PayAction =
  /** `cashierUrl`: a page of the channel's own that makes the call, for merchants without an official account of theirs. */
  | { readonly type: 'wx.requestPayment'; readonly params: RequestPaymentParams; readonly cashierUrl?: string | undefined }
  | { readonly type: 'wx.app'; readonly params: AppPaymentParams }
  | { readonly type: 'qr'; readonly codeUrl: string }
  | { readonly type: 'redirect'; readonly url: string }
  | { readonly type: 'my.tradePay'; readonly tradeNO: string }
  | { readonly type: 'form'; readonly html: string }
  | { readonly type: 'none' }

/** The apps a person can log in from. */
export const apps = ['miniprogram', 'official', 'alipay'] as const
export type App = (typeof apps)[number]

/** What the goods are, for rules that differ: virtual goods need no shipping report. */
export const goodsTypes = ['physical', 'virtual'] as const
export type GoodsType = (typeof goodsTypes)[number]
