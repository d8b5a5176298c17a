import type { AppId } from '../../../shared/kernel/ids.ts'
import type { Currency } from '../../../shared/kernel/money.ts'
import type { PayType } from '../../../shared/kernel/pay.ts'
import type { Secret } from '../../lib/secret.ts'

export const signTypes = ['MD5', 'SHA256'] as const
export type SignType = (typeof signTypes)[number]

/** How an order that was not paid is ended, by its pay type (fact sheet §9.3: the documents contradict each other). */
export type EndRule = 'close' | 'reversal'

/** One app code of QFPay's, for one region and environment. */
export type QfpayCredentials = {
  readonly appCode: string
  readonly clientKey: Secret
  /** Issued to agents' merchants: when there is one it goes with every call, otherwise with none. */
  readonly mchid: string | undefined
  readonly signType: SignType
  readonly currency: Currency
  readonly gateway: string
  /** QFPay's own page that opens WeChat Pay. */
  readonly directUrl: string
  /** Minutes east of Greenwich; the zone in which QFPay writes and reads times. */
  readonly zoneMinutes: number
  /** Shown on that page. */
  readonly merchantName: string
  readonly officialAppId: AppId | undefined
  /** QFPay is bound to the merchant's own official account, so that its openids count and QFPay's own do not. */
  readonly hasOwnAccount: boolean
  readonly miniprogramAppId: AppId | undefined
  /** Which code of QFPay's each way to pay is. */
  readonly codes: Readonly<Partial<Record<PayType, string>>>
  readonly endRules: Readonly<Record<string, EndRule>>
}
