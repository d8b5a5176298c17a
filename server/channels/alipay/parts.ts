import type { AccountTools } from '../channel.ts'
import type { AlipayApp, AlipayCredentials } from './account.ts'
import { appOf } from './account.ts'
import { type AlipayCall, unclear } from './call.ts'
import type { AlipayKeys } from './keys.ts'

/** What an operation is made of. */
export type AlipayParts = { readonly credentials: AlipayCredentials; readonly tools: AccountTools; readonly keys: AlipayKeys } & AlipayCall

/** The app a payment runs under. @throws ChannelError when it is none of the account's any more. */
export function appFor(credentials: AlipayCredentials, appId: string): AlipayApp {
  const app = appOf(credentials, appId)
  if (!app) throw unclear(`has no app ${appId} on this account`)
  return app
}
