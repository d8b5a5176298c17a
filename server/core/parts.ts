import type { AccountId } from '../../shared/kernel/ids.ts'
import type { ChannelName } from '../../shared/kernel/pay.ts'
import type { Log } from '../lib/log.ts'
import type { Metrics } from '../lib/metrics.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { Database } from '../store/database.ts'
import type { Accounts } from './accounts.ts'
import type { Alarms } from './alarms.ts'
import type { AskChannel } from './ask-channel.ts'
import type { Commit } from './commit.ts'
import type { LatePolicy } from './rules/decide-trade.ts'

/** What the installation's owner decided, for all use cases. */
export type Policy = {
  readonly latePayment: LatePolicy
  readonly orderNoPrefix: string
  /** Names this installation; stands inside every order number. */
  readonly installation: string
  /** The public address to which a channel sends what it has to say to an account. */
  notifyUrl(channel: ChannelName, account: AccountId): string
}

/** How merchants' servers are called. */
export type WebhookPolicy = { readonly timeoutMs: number; readonly allowPrivate: boolean }

/** The parts a use case may ask for; `app.ts` makes each by hand. */
export type Parts = {
  readonly db: Database
  readonly runtime: Runtime
  readonly log: Log
  readonly metrics: Metrics
  readonly policy: Policy
  readonly accounts: Accounts
  readonly alarms: Alarms
  readonly commit: Commit
  readonly askChannel: AskChannel
}
