import { asOpenId, type OpenId } from '../../../shared/kernel/ids.ts'
import type { App } from '../../../shared/kernel/pay.ts'
import type { OAuth } from '../channel.ts'
import { ChannelError } from '../failure.ts'
import type { AlipayApp } from './account.ts'
import { refusedIn, unclear } from './call.ts'
import type { AlipayParts } from './parts.ts'
import { rejectionOf } from './rejections.ts'
import { type Plain, text } from './wire.ts'

/**
 * Exchanges an auth code. A newer app gets an open_id and must name its buyers by it, an older one a user_id: what came is kept as it is,
 * and told apart by its form later (fact sheet §5).
 */
export function makeLogin({ credentials, outcome }: AlipayParts) {
  return { login, oauth: oauth() }

  async function login({ app, code }: { app: App; code: string }) {
    if (app !== 'alipay')
      throw new ChannelError({ kind: 'refused', refusal: 'invalid', code: 'PARAM_ERROR', message: `Alipay has no login for ${app}` })
    return exchange(credentials.miniprogram ?? credentials.app, code)
  }

  async function exchange(
    app: AlipayApp,
    code: string,
  ): Promise<{ openId: OpenId; appId: AlipayApp['appId']; unionId?: string | undefined }> {
    const answer = await exchanged(app, code)
    if (text(answer, 'code') !== undefined) throw new ChannelError(rejectionOf(refusedIn(answer)))
    const openId = text(answer, 'open_id') ?? text(answer, 'user_id')
    // Its success has no code; the token is what makes it one. The token itself is not kept.
    if (text(answer, 'access_token') === undefined || openId === undefined) throw unclear('answered a login without a person')
    return { openId: asOpenId(openId), appId: app.appId, unionId: text(answer, 'union_id') }
  }

  /**
   * Alipay refuses a code early, without a signature. No money hangs on it, so that is believed: who logs in is told to do so again
   * instead of that nobody knows.
   */
  async function exchanged(app: AlipayApp, code: string): Promise<Plain> {
    try {
      return await outcome({ method: 'alipay.system.oauth.token', app, members: { grant_type: 'authorization_code', code } })
    } catch (error) {
      const subCode = error instanceof ChannelError ? (error.failure.channelCode ?? '') : ''
      if (error instanceof ChannelError && /code-invalid/.test(subCode))
        throw new ChannelError(rejectionOf({ code: '40002', subCode, words: error.failure.channelMessage ?? '' }), { cause: error })
      throw error
    }
  }

  /** A page in Alipay's browser learns who pays without asking. */
  function oauth(): OAuth {
    return {
      isForOnePayment: false,
      url: ({ redirectUri, state }) => {
        const query = new URLSearchParams({ app_id: credentials.app.appId, scope: 'auth_base', redirect_uri: redirectUri, state })
        return `${credentials.oauthUrl}?${query.toString()}`
      },
      openId: ({ code }) => exchange(credentials.app, code),
    }
  }
}
