import type { Words } from '../../../shared/kernel/codes.ts'
import { type AppId, asOpenId, type OpenId } from '../../../shared/kernel/ids.ts'
import type { App } from '../../../shared/kernel/pay.ts'
import { parseJson } from '../../lib/json.ts'
import { NetworkFailure } from '../../lib/runtime.ts'
import type { Secret } from '../../lib/secret.ts'
import type { AccountTools } from '../channel.ts'
import { ChannelError, type ChannelFailure } from '../failure.ts'
import type { WechatApps } from './account.ts'
import { textMember } from './v3/wire.ts'

const timeoutMs = 8000
const maxBytes = 64 * 1024

type LoggedIn = { readonly openId: OpenId; readonly appId: AppId; readonly unionId?: string | undefined }

const newCode: Words = { zh: '登录凭证无效或已使用，请重新登录', en: 'The login code is not valid or was used; log in again' }
const appWrong: Words = { zh: 'AppID 或 AppSecret 不正确，请检查配置', en: 'The AppID or its secret is wrong; check the configuration' }

/** Login fact sheet §1: what an errcode means. */
const refusals: Readonly<Record<string, Pick<ChannelFailure, 'kind' | 'refusal' | 'code' | 'hint'>>> = {
  '40029': { kind: 'refused', refusal: 'invalid', code: 'UNAUTHORIZED', hint: newCode },
  '40163': { kind: 'refused', refusal: 'invalid', code: 'UNAUTHORIZED', hint: newCode },
  '41008': { kind: 'refused', refusal: 'invalid', code: 'UNAUTHORIZED', hint: newCode },
  '40226': {
    kind: 'refused',
    refusal: 'invalid',
    code: 'UNAUTHORIZED',
    hint: { zh: '暂时无法登录，请稍后再试', en: 'Login is not possible at the moment; try again later' },
  },
  '45011': {
    kind: 'refused',
    refusal: 'rateLimited',
    code: 'RATE_LIMITED',
    hint: { zh: '登录过于频繁，请一分钟后再试', en: 'Too many logins; try again in a minute' },
  },
  '40013': { kind: 'refused', refusal: 'configuration', code: 'CHANNEL_ERROR', hint: appWrong },
  '40125': { kind: 'refused', refusal: 'configuration', code: 'CHANNEL_ERROR', hint: appWrong },
  '41004': { kind: 'refused', refusal: 'configuration', code: 'CHANNEL_ERROR', hint: appWrong },
}

export type WechatLogin = ReturnType<typeof makeLogin>

/** Exchanges a code: the mini-program's by jscode2session, the official account's by OAuth. The session_key is not even read. */
export function makeLogin(
  { officialAppId, officialAppSecret, miniprogramAppId, miniprogramAppSecret, apiBase }: WechatApps,
  { runtime }: AccountTools,
) {
  return async function login({ app, code }: { app: App; code: string }): Promise<LoggedIn> {
    if (app === 'official')
      return exchange('/sns/oauth2/access_token', {
        ...known(officialAppId, officialAppSecret, 'WECHAT_APP_ID', 'WECHAT_APP_SECRET'),
        codeName: 'code',
        code,
      })
    if (app === 'miniprogram')
      return exchange('/sns/jscode2session', {
        ...known(miniprogramAppId, miniprogramAppSecret, 'WECHAT_MINIPROGRAM_APP_ID', 'WECHAT_MINIPROGRAM_APP_SECRET'),
        codeName: 'js_code',
        code,
      })
    throw new ChannelError({ kind: 'refused', refusal: 'invalid', code: 'PARAM_ERROR', message: `WeChat has no login for ${app}` })
  }

  async function exchange(
    path: string,
    { appId, secret, codeName, code }: { appId: AppId; secret: Secret; codeName: string; code: string },
  ): Promise<LoggedIn> {
    const query = new URLSearchParams({ appid: appId, secret: secret.reveal(), [codeName]: code, grant_type: 'authorization_code' })
    const answer = await ask(`${apiBase}${path}?${query.toString()}`)
    const parsed = parseJson(answer.body)
    const value = 'value' in parsed ? parsed.value : undefined
    const errcode = textMember(value, 'errcode') ?? '0'
    if (errcode !== '0') throw new ChannelError(refused(errcode))
    const openId = textMember(value, 'openid')
    if (answer.status !== 200 || openId === undefined)
      throw new ChannelError({
        kind: 'unknown',
        code: 'CHANNEL_ERROR',
        message: `the login was answered ${answer.status} without an openid`,
      })
    if (textMember(value, 'is_snapshotuser') === '1')
      throw new ChannelError({
        kind: 'refused',
        refusal: 'invalid',
        code: 'UNAUTHORIZED',
        message: 'the login is of a snapshot page',
        hint: { zh: '请点击“使用完整服务”后再试', en: 'Tap "use full service" and try again' },
      })
    return { openId: asOpenId(openId), appId, unionId: textMember(value, 'unionid') }
  }

  /** The address holds the secret, so nothing of it goes into an error. */
  async function ask(url: string) {
    try {
      return await runtime.fetch({
        method: 'GET',
        url,
        headers: { accept: 'application/json', 'user-agent': 'Shouyin/0.1' },
        timeoutMs,
        maxBytes,
      })
    } catch (error) {
      if (!(error instanceof NetworkFailure)) throw error
      throw new ChannelError({
        kind: error.kind === 'notSent' ? 'notSent' : 'unknown',
        code: error.isTimeout ? 'CHANNEL_TIMEOUT' : 'CHANNEL_ERROR',
        isTimeout: error.isTimeout,
        message: `WeChat's login: ${error.message}`,
      })
    }
  }
}

function known(appId: AppId | undefined, secret: Secret | undefined, idName: string, secretName: string): { appId: AppId; secret: Secret } {
  if (appId !== undefined && secret !== undefined) return { appId, secret }
  throw new ChannelError({
    kind: 'refused',
    refusal: 'configuration',
    code: 'INVALID_REQUEST',
    message: `nobody can log in from this app: ${idName} and ${secretName} are not set`,
  })
}

function refused(errcode: string): ChannelFailure {
  const known = refusals[errcode]
  const message = `WeChat refused the login with errcode ${errcode}`
  return known ? { ...known, message, channelCode: errcode } : { kind: 'unknown', code: 'CHANNEL_ERROR', message, channelCode: errcode }
}
