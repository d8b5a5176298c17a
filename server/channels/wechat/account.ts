import type { AppId } from '../../../shared/kernel/ids.ts'
import type { Certificate, KeyObject } from '../../lib/rsa.ts'
import type { ClientCertificate } from '../../lib/runtime.ts'
import type { Secret } from '../../lib/secret.ts'

/** The apps payers come from, and where WeChat is found: the same for every version and mode. */
export type WechatApps = {
  readonly officialAppId: AppId | undefined
  readonly officialAppSecret: Secret | undefined
  readonly miniprogramAppId: AppId | undefined
  readonly miniprogramAppSecret: Secret | undefined
  readonly gateway: string
  /** Tried once when the gateway cannot be reached at all. */
  readonly backupGateway: string | undefined
  readonly apiBase: string
  readonly openBase: string
}

/** For whom money is taken: a merchant of his own, or a service provider for one of his. */
export type WechatMerchant = {
  /** The merchant number that signs: the merchant's own, or the provider's. */
  readonly mchid: string
  /** Whose money it is, in service-provider mode. */
  readonly sub: { readonly mchid: string; readonly appId: AppId | undefined } | undefined
}

/** Credentials for API v3, read and checked. Keys are objects already: no PEM goes further than this. */
export type WechatV3Credentials = WechatApps &
  WechatMerchant & {
    readonly privateKey: KeyObject
    /** Serial number of the merchant's API certificate, upper-case hex. */
    readonly serialNo: string
    /** The certificate itself, where it is at hand: when it ends stands in it. */
    readonly certificate?: Certificate | undefined
    /** 32 bytes: opens notifications and platform certificates. */
    readonly apiV3Key: Secret
    /** WeChat Pay public-key mode; both it and platform certificates are accepted. */
    readonly publicKey: { readonly id: string; readonly key: KeyObject } | undefined
  }

export const signTypes = ['MD5', 'HMAC-SHA256'] as const
export type SignType = (typeof signTypes)[number]

/** Credentials for API v2. */
export type WechatV2Credentials = WechatApps &
  WechatMerchant & {
    /** The v2 key of 32 characters. */
    readonly apiKey: Secret
    readonly signType: SignType
    /** For refunds and reversals, which WeChat takes over two-way TLS only. */
    readonly clientCertificate: ClientCertificate | undefined
  }

/**
 * Whether refunds and reversals of v2 can be asked for: WeChat takes them from who shows his certificate. An emulator on this machine,
 * spoken to in clear, asks for none.
 */
export function canShowCertificate({ clientCertificate, gateway }: Pick<WechatV2Credentials, 'clientCertificate' | 'gateway'>): boolean {
  return clientCertificate !== undefined || !gateway.startsWith('https:')
}

/** To whom the money goes: what every answer and notification is held against. */
export function merchantRefOf({ mchid, sub }: WechatMerchant): string {
  return sub?.mchid ?? mchid
}

/** The app under which a means of payment, or a login, runs; it may be the merchant's own where a provider asks for him. */
export function appIdFor({ officialAppId, miniprogramAppId }: WechatApps, means: string): AppId | undefined {
  return means === 'MINIPROGRAM' || means === 'miniprogram' ? miniprogramAppId : (officialAppId ?? miniprogramAppId)
}

/**
 * The app of a payment, as a report carries it. A provider's payment names two, his own and his merchant's, and does not say under which
 * of them it was asked for: those that are the account's say nothing more, another one is told, so that it shows as a difference.
 */
export function reportedApp(
  { sub, officialAppId, miniprogramAppId }: WechatApps & WechatMerchant,
  { appId, subAppId }: { readonly appId?: AppId | undefined; readonly subAppId?: AppId | undefined },
): AppId | undefined {
  if (sub === undefined) return appId
  const own = [officialAppId, miniprogramAppId, sub.appId]
  return [appId, subAppId].find((one) => one !== undefined && !own.includes(one))
}

/** The app that a call names which is about no app in particular, such as a refund. */
export function mainApp({ officialAppId, miniprogramAppId }: WechatApps): string {
  return officialAppId ?? miniprogramAppId ?? ''
}

/** Whether a payment runs under the app of a provider's merchant: it decides how the payer is named. */
export function isUnderSubApp({ sub }: WechatMerchant, appId: string): boolean {
  return sub?.appId !== undefined && sub.appId === appId
}

/** The app that stands outside in service-provider mode: the one the payment runs under, unless that is the merchant's. */
export function providerApp({ officialAppId, miniprogramAppId, sub }: WechatApps & WechatMerchant, appId: string): string {
  if (sub?.appId !== appId) return appId
  return [officialAppId, miniprogramAppId].find((one) => one !== undefined && one !== appId) ?? appId
}
