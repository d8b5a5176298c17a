import { type AppId, asAppId } from '../../../shared/kernel/ids.ts'
import type { Settings } from '../../lib/settings.ts'
import type { WechatApps, WechatMerchant } from './account.ts'

const officialGateway = 'https://api.mch.weixin.qq.com'
/** Printed on every official API page; the Java SDK fails over to api2.wechatpay.cn instead, so it can be set. */
const officialBackup = 'https://api2.mch.weixin.qq.com'
const officialApiBase = 'https://api.weixin.qq.com'
const officialOpenBase = 'https://open.weixin.qq.com'

/** Whose money it is; undefined when no merchant number is set. */
export function readMerchant(settings: Settings): WechatMerchant | undefined {
  const mchid = settings.text('WECHAT_MCH_ID')
  if (mchid === undefined) return undefined
  for (const name of ['WECHAT_MCH_ID', 'WECHAT_SUB_MCH_ID']) {
    const text = settings.text(name)
    if (text !== undefined && !/^\d{8,12}$/.test(text)) settings.refuse(name, 'is not a merchant number of 8 to 12 digits', '1900000001')
  }
  const [subMchid, subAppId] = [settings.text('WECHAT_SUB_MCH_ID'), appId(settings, 'WECHAT_SUB_APP_ID')]
  if (subAppId !== undefined && subMchid === undefined)
    settings.refuse('WECHAT_SUB_MCH_ID', 'is missing beside WECHAT_SUB_APP_ID; both belong to a provider’s merchant', '1900000109')
  return { mchid, sub: subMchid === undefined ? undefined : { mchid: subMchid, appId: subAppId } }
}

/** The apps payers come from, and the hosts WeChat is found at. */
export function readAppsAndHosts(settings: Settings): WechatApps {
  const apps = readApps(settings)
  const subAppId = settings.text('WECHAT_SUB_APP_ID')
  if (subAppId !== undefined && subAppId === apps.miniprogramAppId && subAppId === (apps.officialAppId ?? subAppId))
    settings.refuse('WECHAT_APP_ID', 'names no app of the provider’s own; he needs one beside WECHAT_SUB_APP_ID', 'wx0123456789abcdef')
  return { ...apps, ...readHosts(settings) }
}

function readApps(settings: Settings) {
  const official = appId(settings, 'WECHAT_APP_ID')
  const officialSecret = settings.secret('WECHAT_APP_SECRET')
  const miniprogram = appId(settings, 'WECHAT_MINIPROGRAM_APP_ID')
  if (!official && !miniprogram)
    settings.refuse(
      'WECHAT_MINIPROGRAM_APP_ID',
      'is missing, and so is WECHAT_APP_ID: at least one app has to be bound to the merchant',
      'wx0123456789abcdef',
    )
  const secret = settings.secret('WECHAT_MINIPROGRAM_APP_SECRET')
  if (miniprogram && !secret)
    settings.refuse(
      'WECHAT_MINIPROGRAM_APP_SECRET',
      'is missing; nobody could log in from the mini-program',
      '32 characters from the mini-program’s backend',
    )
  // One app alone is whatever the payer comes from.
  return {
    officialAppId: official,
    officialAppSecret: officialSecret,
    miniprogramAppId: miniprogram ?? official,
    miniprogramAppSecret: miniprogram ? secret : officialSecret,
  }
}

function appId(settings: Settings, name: string): AppId | undefined {
  const text = settings.text(name)
  if (text !== undefined && !/^wx[0-9a-zA-Z]{8,30}$/.test(text)) settings.refuse(name, 'is not an AppID', 'wx0123456789abcdef')
  return text === undefined ? undefined : asAppId(text)
}

function readHosts(settings: Settings) {
  const emulator = isOn(settings.text('WECHAT_SANDBOX')) ? settings.text('EMULATOR_URL')?.replace(/\/+$/, '') : undefined
  if (isOn(settings.text('WECHAT_SANDBOX')) && emulator === undefined)
    settings.refuse('EMULATOR_URL', 'is missing; WECHAT_SANDBOX talks to the emulator it names', 'http://127.0.0.1:8601')
  const gateway = origin(settings, 'WECHAT_GATEWAY', emulator ?? officialGateway)
  const backup = settings.text('WECHAT_GATEWAY_BACKUP')
  const backupGateway =
    backup === undefined
      ? gateway === officialGateway
        ? officialBackup
        : undefined
      : origin(settings, 'WECHAT_GATEWAY_BACKUP', officialBackup)
  return {
    gateway: emulator ?? gateway,
    backupGateway,
    apiBase: emulator ?? origin(settings, 'WECHAT_API_BASE', officialApiBase),
    openBase: emulator ?? origin(settings, 'WECHAT_OPEN_BASE', officialOpenBase),
  }
}

function isOn(text: string | undefined): boolean {
  return text !== undefined && text !== '0'
}

/** A secret would travel in clear over http, so that is for this machine only. */
function origin(settings: Settings, name: string, fallback: string): string {
  const text = settings.text(name)
  if (text === undefined) return fallback
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isLocal = url !== undefined && (['localhost', '[::1]'].includes(url.hostname) || url.hostname.startsWith('127.'))
  const isGood =
    url !== undefined && (url.protocol === 'https:' || (url.protocol === 'http:' && isLocal)) && url.search === '' && url.username === ''
  if (!isGood) settings.refuse(name, 'is not an https origin (http is for this machine only)', fallback)
  return text.replace(/\/+$/, '')
}
