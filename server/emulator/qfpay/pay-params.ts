import { createHash, createHmac } from 'node:crypto'
import type { SideParts } from '../side.ts'
import type { QfpayCredentials } from './credentials.ts'
import { wayOf } from './pay-types.ts'
import type { QfTrade } from './rows.ts'

export type PayParams = ReturnType<typeof makePayParams>
type Parts = Pick<SideParts, 'clock' | 'runtime' | 'origin'> & { readonly credentials: () => QfpayCredentials }

const signedNames = ['appId', 'nonceStr', 'package', 'signType', 'timeStamp']

/** What the payer's page or app needs to open a payment, by its type (fact sheet §6). */
export function makePayParams({ clock, runtime, origin, credentials }: Parts) {
  return { of, isGenuine }

  function of(trade: QfTrade): Record<string, unknown> {
    switch (wayOf(trade.payType, credentials().region)) {
      case 'qr':
        return { qrcode: qrOf(trade) }
      case 'url':
        return { pay_url: `${origin()}/qfpay/pay?syssn=${trade.syssn}` }
      case 'wechatBridge':
        return { pay_params: bridge(trade) }
      case 'alipayBridge':
        return { pay_params: { tradeNO: trade.prepayId } }
      case 'app':
        return { pay_params: app(trade) }
      default:
        return {}
    }
  }

  function bridge({ prepayId }: QfTrade): Record<string, string> {
    const members = {
      appId: credentials().wechatAppid,
      timeStamp: seconds(),
      nonceStr: nonce(),
      package: `prepay_id=${prepayId}`,
      signType: 'MD5',
    }
    return { ...members, paySign: walletSign(members) }
  }

  function app({ prepayId }: QfTrade): Record<string, string> {
    const members = {
      appid: credentials().wechatAppid,
      partnerid: '1900000109',
      prepayid: prepayId,
      package: 'Sign=WXPay',
      noncestr: nonce(),
      timestamp: seconds(),
    }
    return { ...members, sign: walletSign(members) }
  }

  /** Whether six parameters are as they were given out. */
  function isGenuine(given: URLSearchParams): boolean {
    return given.get('paySign') === walletSign(Object.fromEntries(signedNames.map((name) => [name, given.get(name) ?? ''])))
  }

  /** As WeChat signs what opens a payment, by a key that only QFPay has. */
  function walletSign(members: Readonly<Record<string, string>>): string {
    const key = createHmac('md5', credentials().clientKey).update('wallet').digest('hex')
    const text = Object.entries(members)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, value]) => `${name}=${value}`)
      .join('&')
    return createHash('md5').update(`${text}&key=${key}`, 'utf8').digest('hex').toUpperCase()
  }

  function nonce(): string {
    return Buffer.from(runtime.randomBytes(16)).toString('hex')
  }

  function seconds(): string {
    return String(Math.floor(clock.now() / 1000))
  }
}

/** The text behind the picture; also how a phone that scans it finds the order. */
export function qrOf({ payType, prepayId }: QfTrade): string {
  return payType === '800201' ? `weixin://wxpay/bizpayurl?pr=${prepayId.slice(-12)}qf` : `https://qr.alipay.com/${prepayId.slice(-16)}`
}
