import type { AccountTools } from '../../channel.ts'
import type { WechatV3Credentials } from '../account.ts'
import type { Call } from './call.ts'

/** What an operation is made of. */
export type V3Parts = { readonly credentials: WechatV3Credentials; readonly tools: AccountTools; readonly call: Call }
