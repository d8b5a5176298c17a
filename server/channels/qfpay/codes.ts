import type { PayType } from '../../../shared/kernel/pay.ts'
import type { PrepareAsk } from '../../core/rules/attempt.ts'
import { walletOf } from '../../core/rules/payment-code.ts'
import type { QfpayCredentials } from './account.ts'

/** Which code of QFPay's each way to pay is, where the account says nothing else (fact sheet §6). */
export const usualCodes: Readonly<Partial<Record<PayType, string>>> = {
  NATIVE: '800201',
  JSAPI: '800207',
  MINIPROGRAM: '800213',
  MWEB: '800212',
  APP: '800210',
  PAGE: '801101',
}
/** Codes that a payer shows, by whose they are. */
const shownCodes = { wechat: '800208', alipay: '800108' } as const

type Coded = Pick<QfpayCredentials, 'codes'>

/** QFPay's code for a payment; undefined when the account has none, or nobody knows whose code the payer showed. */
export function payCodeOf({ codes }: Coded, { payType, authCode = '' }: Pick<PrepareAsk, 'payType' | 'authCode'>): string | undefined {
  const configured = codes[payType]
  if (configured !== undefined || payType !== 'MICROPAY') return configured
  const wallet = walletOf(authCode)
  return wallet && shownCodes[wallet]
}

/** The ways to pay that an account offers. */
export function payTypesOf({ codes }: Coded): PayType[] {
  const all: readonly PayType[] = ['NATIVE', 'JSAPI', 'MINIPROGRAM', 'MWEB', 'APP', 'PAGE']
  return [...all.filter((one) => codes[one] !== undefined), 'MICROPAY']
}
