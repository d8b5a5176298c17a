import type { AccountId } from '../../shared/kernel/ids.ts'
import { defaultAccount } from '../../shared/kernel/ids.ts'
import type { ChannelName } from '../../shared/kernel/pay.ts'
import type { ChannelAccount } from '../channels/channel.ts'
import { AppError } from './error.ts'

export type Accounts = ReturnType<typeof makeAccounts>

/** The accounts this server was given, found by channel and name. */
export function makeAccounts(accounts: readonly ChannelAccount[]) {
  return { all: () => accounts, find, pick }

  /** The account of that channel and name; undefined when there is none. */
  function find(channel: ChannelName, account: AccountId): ChannelAccount | undefined {
    return accounts.find((one) => one.channel === channel && one.account === account)
  }

  /**
   * The account a request means: what it does not say is the first that fits.
   *
   * @throws AppError PARAM_ERROR when there is none.
   */
  function pick(wanted: { channel?: ChannelName | undefined; account?: AccountId | undefined }): ChannelAccount {
    const { channel, account = defaultAccount } = wanted
    const found = accounts.find((one) => (channel === undefined || one.channel === channel) && one.account === account)
    if (found) return found
    const field = channel !== undefined && !accounts.some((one) => one.channel === channel) ? 'channel' : 'account'
    const value = field === 'channel' ? channel : account
    throw new AppError('PARAM_ERROR', `${field} ${value} is not set up on this server`, {
      details: { fields: [{ path: field, problem: 'is not set up on this server' }] },
    })
  }
}
