import type { OAuth } from '../channel.ts'
import type { WechatApps } from './account.ts'
import type { WechatLogin } from './login.ts'

/**
 * How a page inside WeChat learns who pays: `snsapi_base` asks nobody and gives the openid in the official account. Absent without an
 * official account and its secret (login fact sheet §2).
 */
export function makeOAuth({ officialAppId, officialAppSecret, openBase }: WechatApps, login: WechatLogin): OAuth | undefined {
  if (officialAppId === undefined || officialAppSecret === undefined) return undefined
  return { isForOnePayment: false, url, openId: ({ code }) => login({ app: 'official', code }) }

  /** The members in the order WeChat documents, and its fragment, without which its page shows an error. */
  function url({ redirectUri, state }: { redirectUri: string; state: string }): string {
    const query = new URLSearchParams([
      ['appid', officialAppId ?? ''],
      ['redirect_uri', redirectUri],
      ['response_type', 'code'],
      ['scope', 'snsapi_base'],
      ['state', state],
    ])
    return `${openBase}/connect/oauth2/authorize?${query.toString()}#wechat_redirect`
  }
}
