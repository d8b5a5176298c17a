import type { AppId, OpenId } from '../../../shared/kernel/ids.ts'
import { isUnderSubApp, type WechatMerchant } from './account.ts'

/**
 * Who pays, as each mode names him. An openid is a number within one app, so in service-provider mode it is the provider's or the
 * merchant's, and only the member of that app can carry it (v3 fact sheet §2.1, v2 §3).
 */
export type WechatPayer =
  | { readonly mode: 'direct'; readonly openId: OpenId }
  | { readonly mode: 'provider'; readonly spOpenId: OpenId }
  | { readonly mode: 'subMerchant'; readonly subAppId: AppId; readonly subOpenId: OpenId }

/** The payer by the app his openid belongs to; undefined where nobody logged in. */
export function payerOf(
  merchant: WechatMerchant,
  { appId, openId }: { appId: AppId; openId?: OpenId | undefined },
): WechatPayer | undefined {
  if (openId === undefined) return undefined
  if (merchant.sub === undefined) return { mode: 'direct', openId }
  return isUnderSubApp(merchant, appId)
    ? { mode: 'subMerchant', subAppId: appId, subOpenId: openId }
    : { mode: 'provider', spOpenId: openId }
}
