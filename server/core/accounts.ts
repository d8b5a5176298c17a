import { type AccountId, type AppId, asOwnId, defaultAccount, defaultMerchant, type MerchantId } from '../../shared/kernel/ids.ts'
import type { Currency } from '../../shared/kernel/money.ts'
import type { ChannelName, PayType } from '../../shared/kernel/pay.ts'
import type { ChannelAccount } from '../channels/channel.ts'
import { AppError } from './error.ts'
import type { Wallet } from './rules/payment-code.ts'

export type Accounts = ReturnType<typeof makeAccounts>

type Wanted = {
  readonly channel?: ChannelName | undefined
  readonly account?: AccountId | undefined
  readonly payType?: PayType | undefined
  readonly currency?: Currency | undefined
  /** The app the payer is logged in to. */
  readonly appId?: AppId | undefined
  /** Whose code the payer showed. */
  readonly wallet?: Wallet | undefined
}

/**
 * The accounts of this server, found by channel and name.
 *
 * @param given those of the environment and of the folders.
 * @param kept those of the store as they are at the moment; they come and change while the server runs.
 */
export function makeAccounts(given: readonly ChannelAccount[], kept: () => readonly ChannelAccount[] = () => []) {
  return { all, seenBy, find, named, pick }

  /** The accounts were given to the default merchant; others may be paid through them, but their numbers are not theirs to see. */
  function seenBy(merchantId: MerchantId): readonly ChannelAccount[] {
    return merchantId === defaultMerchant ? all() : []
  }

  function all(): readonly ChannelAccount[] {
    const more = kept()
    return more.length === 0 ? given : [...given, ...more]
  }

  /** The account of that channel and name; undefined when there is none. */
  function find(channel: ChannelName, account: AccountId): ChannelAccount | undefined {
    return all().find((one) => one.channel === channel && one.account === account)
  }

  /** The account that a task names, as {@link nameOf} wrote it. */
  function named(name: string): ChannelAccount | undefined {
    return all().find((one) => nameOf(one) === name)
  }

  /**
   * The account a request means. Without a channel it is the one whose wallet the payer showed or whose app he is in, or the first
   * that offers the way to pay; without an account it is the default one, or the only one the channel has.
   *
   * @throws AppError PARAM_ERROR when there is none.
   */
  function pick({ channel, account, payType, currency, wallet, appId }: Wanted): ChannelAccount {
    const ofChannel = all().filter((one) => channel === undefined || one.channel === channel)
    if (ofChannel.length === 0) throw notSetUp('channel', channel ?? 'any')
    const fitting = ofChannel.filter((one) => offers(one, payType) && takes(one, currency))
    // What fits not at all is refused where the way to pay is looked at, with the ways there are.
    const among = fitting.length > 0 ? fitting : ofChannel
    const known = among.filter((one) => one.channel === wallet || runsUnder(one, payType, appId))
    const candidates = known.length > 0 ? known : among
    if (account === undefined) return candidates.find((one) => one.account === defaultAccount) ?? only(candidates)
    const found = candidates.find((one) => one.account === account) ?? ofChannel.find((one) => one.account === account)
    if (!found) throw notSetUp('account', account)
    return found
  }

  function only(candidates: readonly ChannelAccount[]): ChannelAccount {
    const [first, ...others] = candidates
    if (!first) throw notSetUp('account', defaultAccount)
    const rivals = others.filter((one) => one.channel === first.channel)
    if (rivals.length === 0) return first
    const names = [first, ...rivals].map((one) => one.account).join(', ')
    throw new AppError('PARAM_ERROR', `account is required: ${first.channel} has ${names}`, {
      details: { fields: [{ path: 'account', problem: `is required: one of ${names}` }] },
    })
  }
}

/** One name for an account over all channels: that of the default WeChat account is its own, as tasks of older versions have it. */
export function nameOf({ channel, account }: { readonly channel: ChannelName; readonly account: AccountId }): AccountId {
  return channel === 'wechat' ? account : asOwnId('AccountId', `${channel}.${account}`)
}

function runsUnder(one: ChannelAccount, payType: PayType | undefined, appId: AppId | undefined): boolean {
  return payType !== undefined && appId !== undefined && one.appIdFor(payType) === appId
}

function offers({ payTypes }: ChannelAccount, payType: PayType | undefined): boolean {
  return payType === undefined || payTypes.includes(payType)
}

function takes({ currencies }: ChannelAccount, currency: Currency | undefined): boolean {
  return currency === undefined || currencies.includes(currency)
}

function notSetUp(path: 'channel' | 'account', value: string): AppError {
  return new AppError('PARAM_ERROR', `${path} ${value} is not set up on this server`, {
    details: { fields: [{ path, problem: 'is not set up on this server' }] },
  })
}
