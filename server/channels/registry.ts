import { channelNames } from '../../shared/kernel/pay.ts'
import { alipay } from './alipay/definition.ts'
import type { ChannelDefinition } from './channel.ts'
import { qfpay } from './qfpay/definition.ts'
import { wechat } from './wechat/definition.ts'

/** Every channel there is. A new one is a folder and a line here. */
export const channelRegistry: readonly ChannelDefinition[] = [wechat, qfpay, alipay]

/** Whether a merchant's own module exports a channel: its name must be one the product knows, so that every answer can say it. */
export function isChannelDefinition(value: unknown): value is ChannelDefinition {
  if (typeof value !== 'object' || value === null) return false
  const { name, label, credentials, settings, folder, fromEnvironment } = value as Partial<Record<keyof ChannelDefinition, unknown>>
  return (
    channelNames.some((one) => one === name) &&
    typeof label === 'object' &&
    Array.isArray(credentials) &&
    Array.isArray(settings) &&
    typeof folder === 'object' &&
    folder !== null &&
    'type' in folder &&
    'members' in folder &&
    typeof fromEnvironment === 'function'
  )
}
