import type { AccountTools } from '../channel.ts'
import type { QfpayCredentials } from './account.ts'
import type { QfpayCall } from './call.ts'
import { type Plain, text } from './wire.ts'

/** What an operation is made of. */
export type QfpayParts = { readonly credentials: QfpayCredentials; readonly tools: AccountTools } & QfpayCall

/** To whom the money goes. */
export function merchantRefOf({ mchid, appCode }: Pick<QfpayCredentials, 'mchid' | 'appCode'>): string {
  return mchid ?? appCode
}

/** To whom an answer or a notice says that it went. An account without a merchant number has nothing to compare one with. */
export function merchantIn(item: Plain, account: Pick<QfpayCredentials, 'mchid' | 'appCode'>): string {
  return (account.mchid === undefined ? undefined : text(item, 'mchid')) ?? merchantRefOf(account)
}
