import type { AccountTools } from '../../channel.ts'
import type { WechatV2Credentials } from '../account.ts'
import type { V2Call } from './call.ts'

/** What an operation is made of. */
export type V2Parts = { readonly credentials: WechatV2Credentials; readonly tools: AccountTools } & V2Call
