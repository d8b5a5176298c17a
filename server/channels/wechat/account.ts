import type { AppId } from '../../../shared/kernel/ids.ts'
import type { KeyObject } from '../../lib/rsa.ts'
import type { Secret } from '../../lib/secret.ts'

/** The credentials of a direct merchant for API v3, read and checked. Keys are objects already: no PEM goes further than this. */
export type WechatV3Credentials = {
  readonly mchid: string
  readonly officialAppId: AppId | undefined
  readonly officialAppSecret: Secret | undefined
  readonly miniprogramAppId: AppId | undefined
  readonly miniprogramAppSecret: Secret | undefined
  readonly privateKey: KeyObject
  /** Serial number of the merchant's API certificate, upper-case hex. */
  readonly serialNo: string
  /** 32 bytes: opens notifications and platform certificates. */
  readonly apiV3Key: Secret
  /** WeChat Pay public-key mode; both it and platform certificates are accepted. */
  readonly publicKey: { readonly id: string; readonly key: KeyObject } | undefined
  readonly gateway: string
  /** Tried once when the gateway cannot be reached at all. */
  readonly backupGateway: string | undefined
  readonly apiBase: string
}
