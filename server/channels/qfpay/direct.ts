import type { RequestPaymentParams } from '../../../shared/kernel/pay.ts'
import type { PrepareAsk } from '../../core/rules/attempt.ts'
import { cutToBytes } from '../../lib/text.ts'
import type { QfpayCredentials } from './account.ts'

/** What the page's own members hold (fact sheet §7). */
const maxBytes = { merchant: 128, goods: 64 }

/**
 * The address of QFPay's own page, which opens WeChat Pay with the parameters as they came and then leads back. That the payer is led
 * back proves nothing (fact sheet §7).
 */
export function directUrl(
  { directUrl: base, merchantName }: Pick<QfpayCredentials, 'directUrl' | 'merchantName'>,
  { ask, params, redirectUrl }: { ask: Pick<PrepareAsk, 'amount' | 'description'>; params: RequestPaymentParams; redirectUrl: string },
): string {
  const { appId, timeStamp, nonceStr, package: prepay, signType, paySign } = params
  const query = new URLSearchParams({
    mchntnm: cutToBytes(merchantName, maxBytes.merchant),
    txamt: String(ask.amount.minor),
    currency: ask.amount.currency,
    goods_name: cutToBytes(ask.description, maxBytes.goods),
    redirect_url: redirectUrl,
    appId,
    timeStamp,
    nonceStr,
    package: prepay,
    signType,
    paySign,
  })
  return `${base}?${query.toString()}`
}
