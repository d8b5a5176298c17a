import type { AccountTools } from '../channel.ts'
import type { QfpayCredentials } from './account.ts'
import type { QfpayCall } from './call.ts'

/** What an operation is made of. */
export type QfpayParts = { readonly credentials: QfpayCredentials; readonly tools: AccountTools } & QfpayCall

/** To whom the money goes. */
export function merchantRefOf({ mchid, appCode }: QfpayCredentials): string {
  return mchid ?? appCode
}
