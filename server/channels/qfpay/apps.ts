import { type AppId, asAppId } from '../../../shared/kernel/ids.ts'
import type { QfpayCredentials } from './account.ts'

/** Where a payer's openid belongs to QFPay's own official account, no app of ours stands behind the payment. */
const qfpaysOwn = asAppId('qfpay')

/** The app under which a means of payment runs. */
export function appIdFor(
  { officialAppId, miniprogramAppId }: Pick<QfpayCredentials, 'officialAppId' | 'miniprogramAppId'>,
  means: string,
): AppId {
  return (means === 'MINIPROGRAM' ? miniprogramAppId : officialAppId) ?? qfpaysOwn
}
