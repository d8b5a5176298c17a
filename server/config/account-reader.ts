import type { AccountId } from '../../shared/kernel/ids.ts'
import type { ChannelName } from '../../shared/kernel/pay.ts'
import type { Settings } from '../lib/settings.ts'

/** One set of credentials: `default` from the environment, or by the name of its folder. */
export type NamedAccount<Account> = {
  readonly channel: ChannelName
  readonly account: AccountId
  /** Where the channel tells of this account, when not below the public address. */
  readonly notifyUrl: string | undefined
  readonly source: Account
}

/** Reads the names of one channel; undefined when none of its names is set. */
export type AccountReader<Account> = {
  readonly name: ChannelName
  /** Any of these makes a server of its owner's: half a set of credentials is an error to be told, never a demo. */
  readonly credentials: readonly string[]
  readonly settings: readonly string[]
  readonly folder: { readonly type: string; readonly members: Readonly<Record<string, string>> }
  fromEnvironment(settings: Settings): Account | undefined
}
