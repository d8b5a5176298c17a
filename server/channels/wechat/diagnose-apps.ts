import type { AppId } from '../../../shared/kernel/ids.ts'
import { type Finding, ok } from '../../core/rules/finding.ts'
import { trialAsk } from '../../core/rules/trial.ts'
import { isPublicHost } from '../../lib/public-address.ts'
import type { Secret } from '../../lib/secret.ts'
import type { AccountTools, ChannelAccount, DiagnoseAsk } from '../channel.ts'
import { failureIn, findingOf } from '../failure.ts'
import type { WechatApps, WechatMerchant } from './account.ts'
import { makeLogin } from './login.ts'

type Parts = {
  readonly credentials: WechatApps & WechatMerchant
  readonly tools: AccountTools
  readonly prepare: ChannelAccount['prepare']
  readonly close: ChannelAccount['close']
}
type Named = {
  readonly app: 'official' | 'miniprogram'
  readonly idName: string
  readonly secretName: string
  readonly appId: AppId
  readonly secret: Secret | undefined
}

/** What both versions look at: the apps, whether they are bound to the merchant, their secrets, and the domain of H5 payments. */
export async function diagnoseApps(parts: Parts, ask: DiagnoseAsk): Promise<Finding[]> {
  const apps = appsOf(parts.credentials)
  const offline = [...mixedUp(parts.credentials), ...h5Domain(ask.notifyUrl)]
  if (!ask.isOnline) return offline
  const ids = [...new Set(apps.map((one) => one.appId))]
  const bound = await Promise.all(ids.map((appId) => isBound(parts, appId, ask)))
  const secrets = await Promise.all(apps.map((one) => hasRightSecret(parts, one, apps)))
  return [...offline, ...bound, ...secrets.filter((one) => one !== undefined)]
}

/** The mini-program may be the official account's app again, where there is only one. */
function appsOf({ officialAppId, officialAppSecret, miniprogramAppId, miniprogramAppSecret }: WechatApps): Named[] {
  const official = officialAppId && {
    app: 'official' as const,
    idName: 'WECHAT_APP_ID',
    secretName: 'WECHAT_APP_SECRET',
    appId: officialAppId,
    secret: officialAppSecret,
  }
  const miniprogram = miniprogramAppId &&
    miniprogramAppId !== officialAppId && {
      app: 'miniprogram' as const,
      idName: 'WECHAT_MINIPROGRAM_APP_ID',
      secretName: 'WECHAT_MINIPROGRAM_APP_SECRET',
      appId: miniprogramAppId,
      secret: miniprogramAppSecret,
    }
  return [official, miniprogram].filter((one) => one !== undefined && one !== false)
}

/** One number cannot be both an official account and a mini-program, which two secrets for it show to be meant. */
function mixedUp({ officialAppId, officialAppSecret, miniprogramAppId, miniprogramAppSecret }: WechatApps): Finding[] {
  const isSame = officialAppId !== undefined && officialAppId === miniprogramAppId
  if (!isSame || officialAppSecret?.reveal() === miniprogramAppSecret?.reveal()) return []
  return [
    {
      id: 'wechat.apps',
      severity: 'error',
      about: officialAppId,
      words: {
        zh: 'WECHAT_APP_ID 与 WECHAT_MINIPROGRAM_APP_ID 相同，密钥却不同：公众号与小程序混用',
        en: 'WECHAT_APP_ID and WECHAT_MINIPROGRAM_APP_ID are the same with different secrets: official account and mini-program are mixed up',
      },
      remedy: {
        zh: '请分别填写公众号与小程序各自的 AppID；只有一个应用时只填 WECHAT_APP_ID',
        en: 'Give each its own AppID; with one app alone set only WECHAT_APP_ID',
      },
    },
  ]
}

/** Only WeChat itself knows: a payment of one fen is asked for, shown to nobody and closed. */
async function isBound({ credentials, prepare, close }: Parts, appId: AppId, ask: DiagnoseAsk): Promise<Finding> {
  const id = 'wechat.appid'
  const trial = trialAsk({ outTradeNo: ask.newNumber(), appId, currency: 'CNY', notifyUrl: ask.notifyUrl, now: ask.now })
  const failure = await failureIn(() => prepare(trial))
  if (!failure) {
    // What cannot be closed ends by itself in a few minutes.
    await failureIn(() => close({ outTradeNo: trial.outTradeNo, ask: trial }))
    return { ...ok(id, `AppID 已绑定商户号 ${credentials.mchid}`, `the AppID is bound to merchant ${credentials.mchid}`), about: appId }
  }
  if (/^NO_?AUTH$/.test(failure.channelCode ?? ''))
    return {
      id,
      severity: 'note',
      about: appId,
      words: {
        zh: '没有 Native 支付权限，无法检验 AppID 绑定',
        en: 'the merchant may not take Native payments, so the binding could not be tried',
      },
      remedy: {
        zh: '如需扫码支付，请在商户平台开通 Native 支付',
        en: 'Open Native payment in the merchant platform if payers are to scan codes',
      },
    }
  return { ...findingOf(failure, id, failure.kind === 'refused' ? 'error' : 'warning'), about: appId }
}

/** A code nobody was given: that it is refused as a code means that number and secret were accepted. */
async function hasRightSecret({ credentials, tools }: Parts, one: Named, apps: readonly Named[]): Promise<Finding | undefined> {
  const id = 'wechat.app_secret'
  if (!one.secret) return undefined
  const failure = await failureIn(() => makeLogin(credentials, tools)({ app: one.app, code: 'doctor' }))
  if (!failure || failure.code === 'UNAUTHORIZED' || failure.refusal === 'rateLimited')
    return { ...ok(id, `${one.secretName} 正确`, `${one.secretName} is right`), about: one.appId }
  if (failure.refusal !== 'configuration') return { ...findingOf(failure, id, 'warning'), about: one.appId }
  const swapped = await isSwapped({ credentials, tools, one, other: apps.find((other) => other.appId !== one.appId) })
  const name = one.app === 'official' ? { zh: '公众号', en: 'the official account' } : { zh: '小程序', en: 'the mini-program' }
  return {
    id,
    severity: 'error',
    about: one.appId,
    words: {
      zh: `${name.zh}无法登录（errcode ${failure.channelCode ?? ''}）：${swapped ? '公众号与小程序的密钥填反了' : `${one.idName} 或 ${one.secretName} 不正确`}`,
      en: `nobody can log in from ${name.en} (errcode ${failure.channelCode ?? ''}): ${swapped ? 'the secrets of official account and mini-program are exchanged' : `${one.idName} or ${one.secretName} is wrong`}`,
    },
    remedy: swapped
      ? {
          zh: '请对调 WECHAT_APP_SECRET 与 WECHAT_MINIPROGRAM_APP_SECRET',
          en: 'Exchange WECHAT_APP_SECRET and WECHAT_MINIPROGRAM_APP_SECRET',
        }
      : {
          zh: `请在${name.zh}后台「开发设置」核对 AppID 并重置 AppSecret，同时确认没有把公众号与小程序填反`,
          en: `Compare the AppID in the backend of ${name.en} and reset its AppSecret there; see that official account and mini-program are not exchanged`,
        },
  }
}

async function isSwapped({
  credentials,
  tools,
  one,
  other,
}: Pick<Parts, 'credentials' | 'tools'> & { one: Named; other: Named | undefined }): Promise<boolean> {
  if (!other?.secret) return false
  const swapped = { ...credentials, officialAppSecret: other.secret, miniprogramAppSecret: other.secret }
  const failure = await failureIn(() => makeLogin(swapped, tools)({ app: one.app, code: 'doctor' }))
  return failure?.code === 'UNAUTHORIZED'
}

/** Nobody but the merchant platform knows which domains are registered. */
function h5Domain(notifyUrl: string): Finding[] {
  const { hostname } = new URL(notifyUrl)
  if (!isPublicHost(hostname)) return []
  return [
    {
      id: 'wechat.h5_domain',
      severity: 'note',
      about: hostname,
      words: {
        zh: 'H5 支付只接受已登记域名的页面发起，且必须带 Referer',
        en: 'H5 payments are taken from pages of a registered domain only, and with a Referer',
      },
      remedy: {
        zh: `请在商户平台「H5 支付」登记发起支付的页面域名（例如 ${hostname}），页面不要设置 no-referrer`,
        en: `Register the domain of the page that pays (such as ${hostname}) under H5 payment in the merchant platform, and set no no-referrer policy on it`,
      },
    },
  ]
}
