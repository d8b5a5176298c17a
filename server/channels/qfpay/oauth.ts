import { asOpenId } from '../../../shared/kernel/ids.ts'
import type { OAuth } from '../channel.ts'
import { appIdFor } from './apps.ts'
import { unclear } from './call.ts'
import type { QfpayParts } from './parts.ts'
import { sign } from './signature.ts'
import { text } from './wire.ts'

/**
 * How a page inside WeChat learns who pays through QFPay's official account: a code and an openid for this payment alone (fact sheet §7).
 * The state goes inside the address, since QFPay knows none.
 */
export function makeOAuth({ credentials, get, accepted }: QfpayParts): OAuth {
  return { isForOnePayment: true, url, openId }

  function url({ redirectUri, state }: { redirectUri: string; state: string }): string {
    const back = new URL(redirectUri)
    if (state !== '') back.searchParams.set('state', state)
    return oauthUrl(credentials, back.href)
  }

  async function openId({ code }: { code: string }) {
    const openid = text(accepted(await get('/tool/v1/get_weixin_openid', { code })), 'openid')
    if (openid === undefined) throw unclear('answered without openid')
    return { openId: asOpenId(openid), appId: appIdFor(credentials, 'JSAPI') }
  }
}

/**
 * App code and signature stand in the query, the address is signed raw. No header goes with a redirect, so nothing could say that the
 * account signs with SHA-256: it is always MD5, the way of signing that needs no word (fact sheet §2).
 */
export function oauthUrl({ gateway, appCode, mchid, clientKey }: QfpayParts['credentials'], redirectUri: string): string {
  const members = { app_code: appCode, redirect_uri: redirectUri, ...(mchid === undefined ? {} : { mchid }) }
  const query = new URLSearchParams({ ...members, sign: sign(members, clientKey, 'MD5') })
  return `${gateway}/tool/v1/get_weixin_oauth_code?${query.toString()}`
}
