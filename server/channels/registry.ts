import type { ChannelDefinition } from './channel.ts'
import { wechat } from './wechat/definition.ts'

/** Every channel there is. A new one is a folder and a line here. */
export const channelRegistry: readonly ChannelDefinition[] = [wechat]
