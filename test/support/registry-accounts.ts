import type { AccountSource, ChannelAccount } from '../../server/channels/channel.ts'
import { channelRegistry } from '../../server/channels/registry.ts'
import { readConfig } from '../../server/config/config.ts'
import type { Emulator } from '../../server/emulator/emulator.ts'
import type { Runtime } from '../../server/lib/runtime.ts'
import { defaultAccount } from '../../shared/kernel/ids.ts'
import { silentLog } from './silent-log.ts'

const own = { PUBLIC_URL: 'http://127.0.0.1:1', SESSION_SECRET: 's'.repeat(32), MASTER_KEY: 'm'.repeat(32) }

/** Every way to have an account, by name: each channel, and WeChat Pay in each version and mode. */
export const accountWays = ['wechat v3', 'wechat v2', 'wechat partner', 'wechat partner-v2', 'qfpay', 'alipay'] as const
export type AccountWay = (typeof accountWays)[number]

/** Opens an account as the environment of an emulator describes it; whatever is given replaces a name of that. */
export function openAccount(way: AccountWay, emulator: Emulator, runtime: Runtime, given: Record<string, string> = {}): ChannelAccount {
  const [channel, mode] = way.split(' ')
  const special = mode === 'v2' || mode === 'partner' || mode === 'partner-v2' ? emulator.environmentFor(mode) : {}
  const config = readConfig<AccountSource>({ ...emulator.environment(), ...special, ...own, ...given }, channelRegistry)
  const found = config.accounts.find((one) => one.channel === channel)
  if (!found) throw new Error(`there is no account ${way}`)
  const keepsake = { load: async () => undefined, save: async () => {} }
  return found.source.open({ account: defaultAccount, runtime, log: silentLog, keepsake, clockSeen: () => {} })
}
