import type { QfpayCredentials } from '../../server/channels/qfpay/account.ts'
import { Secret } from '../../server/lib/secret.ts'

/** Credentials of an account on QFPay, as the environment would give them. */
export function aQfpayAccount(given: Partial<QfpayCredentials> = {}): QfpayCredentials {
  return {
    appCode: 'D00DFEED00000000000000000000A001',
    clientKey: new Secret('3F1B0C7A9D5E4682B1C0D9E8F7A6B5C4'),
    mchid: 'ZaMVg12345',
    signType: 'MD5',
    currency: 'HKD',
    gateway: 'http://127.0.0.1:9',
    directUrl: 'http://127.0.0.1:9/q/direct',
    zoneMinutes: 480,
    merchantName: 'Pet Shop',
    officialAppId: undefined,
    miniprogramAppId: undefined,
    codes: { NATIVE: '800201', JSAPI: '800207' },
    endRules: {},
    ...given,
  }
}
