import type { EmulatorRuntime } from '../runtime.ts'

/** What QFPay would send by mail. */
export type QfpayCredentials = {
  readonly appCode: string
  readonly clientKey: string
  readonly mchid: string
  readonly currency: string
  /** Merchants in Canada get an address for 800207 where others get parameters. */
  readonly region: 'HK' | 'CA'
  readonly wechatAppid: string
}

export function makeQfpayCredentials(runtime: EmulatorRuntime): QfpayCredentials {
  const hex = (bytes: number) => Buffer.from(runtime.randomBytes(bytes)).toString('hex').toUpperCase()
  return {
    appCode: hex(16),
    clientKey: hex(16),
    mchid: `QF${hex(4)}`,
    currency: 'HKD',
    region: 'HK',
    wechatAppid: `wx${hex(8).toLowerCase()}`,
  }
}

export function qfpayEnvironment({ appCode, clientKey, mchid, currency }: QfpayCredentials, origin: string): Record<string, string> {
  return {
    QFPAY_APP_CODE: appCode,
    QFPAY_CLIENT_KEY: clientKey,
    QFPAY_MCHID: mchid,
    QFPAY_CURRENCY: currency,
    QFPAY_GATEWAY: `${origin}/qfpay`,
    QFPAY_DIRECT_URL: `${origin}/qfpay/q/direct`,
  }
}
