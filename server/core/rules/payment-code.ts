/** The wallets that show a code at a counter. */
export type Wallet = 'wechat' | 'alipay'

const wechatCode = /^1[0-5]\d{16}$/
const alipayCode = /^(?:2[5-9]|30)\d{14,22}$/

/**
 * Whose code a payer shows: WeChat's has 18 digits and begins with 10 to 15, Alipay's has 16 to 24 and begins with 25 to 30.
 *
 * @returns undefined when it is neither's.
 * @see Alipay fact sheet §7, WeChat Pay v2 fact sheet §3.2.
 */
export function walletOf(authCode: string): Wallet | undefined {
  if (wechatCode.test(authCode)) return 'wechat'
  return alipayCode.test(authCode) ? 'alipay' : undefined
}
