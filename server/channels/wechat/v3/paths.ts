import type { WechatMerchant } from '../account.ts'

/** Payments of a provider's merchants have addresses of their own. */
export function transactionsPath({ sub }: WechatMerchant): string {
  return sub === undefined ? '/v3/pay/transactions' : '/v3/pay/partner/transactions'
}

/** Who is asked for, as a query string. */
export function merchantQuery({ mchid, sub }: WechatMerchant): string {
  return sub === undefined ? `mchid=${mchid}` : `sp_mchid=${mchid}&sub_mchid=${sub.mchid}`
}

/** Who it is for, as members of a body. */
export function merchantBody({ mchid, sub }: WechatMerchant): Readonly<Record<string, string>> {
  return sub === undefined ? { mchid } : { sp_mchid: mchid, sub_mchid: sub.mchid }
}

/** Refunds name the merchant only where a provider asks for them. */
export function subMerchantBody({ sub }: WechatMerchant): Readonly<Record<string, string>> {
  return sub === undefined ? {} : { sub_mchid: sub.mchid }
}
