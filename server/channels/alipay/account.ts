import type { AppId } from '../../../shared/kernel/ids.ts'
import type { KeyObject } from '../../lib/rsa.ts'

/** An app on Alipay's platform: it signs with its own key and is answered under the key that Alipay gave it. */
export type AlipayApp = {
  readonly appId: AppId
  readonly privateKey: KeyObject
}

/** How Alipay's signatures are verified: by the key it shows for the app, or by certificates that change by themselves. */
export type AlipayTrust =
  | { readonly mode: 'key'; readonly publicKey: KeyObject }
  | { readonly mode: 'certificate'; readonly appCertificate: string; readonly rootCertificates: string; readonly alipayCertificate: string }

/** What one account on Alipay needs, read and checked. */
export type AlipayCredentials = {
  readonly app: AlipayApp
  /** The mini-program, where it is another app than the one that takes payments elsewhere. */
  readonly miniprogram: AlipayApp | undefined
  readonly trust: AlipayTrust
  /** The merchant's PID (2088…): compared where a notice names the seller. */
  readonly pid: string | undefined
  /** The merchant below a bank or a platform, who gets the money. */
  readonly subMerchant: string | undefined
  /** A merchant's authorisation of a third-party app; goes with every call. */
  readonly appAuthToken: string | undefined
  /** Who gets a commission; changes nothing about who is paid. */
  readonly serviceProvider: string | undefined
  readonly wapProductCode: string
  readonly gateway: string
  readonly oauthUrl: string
}

/** To whom the money goes. */
export function merchantRefOf({ pid, app }: AlipayCredentials): string {
  return pid ?? app.appId
}

/** The app of that number; undefined when it is none of the account's. */
export function appOf({ app, miniprogram }: AlipayCredentials, appId: string | undefined): AlipayApp | undefined {
  return [app, miniprogram].find((one) => one?.appId === appId)
}
