import { type AccountId, asOwnId, defaultAccount } from '../../shared/kernel/ids.ts'
import type { ChannelName } from '../../shared/kernel/pay.ts'
import { asInstant, type Instant } from '../../shared/kernel/time.ts'
import type { Acknowledgement, ChannelAccount, Notice, RawNotice } from '../channels/channel.ts'
import { NoticeError, type NoticeRefusal } from '../channels/failure.ts'
import { newId } from '../lib/ids.ts'
import { AppError } from './error.ts'
import type { Parts } from './parts.ts'
import { decision } from './rules/decision.ts'
import type { Along, Settle } from './settle.ts'

/** The label of the metric, and what decides the answer. */
type Outcome = 'applied' | 'duplicate' | 'late' | 'unmatched' | 'mismatch' | 'ignored' | 'error' | Exclude<NoticeRefusal, 'unknown_key'>

const toldAMinute = 10
/** The channel waits five seconds for an answer, and counts a later one as none. */
const answerWithinMs = 4500

export type Notifications = ReturnType<typeof makeNotifications>

/** Takes what a channel sends: verify, settle together with the inbox in one transaction, and only then acknowledge. */
export function makeNotifications({
  runtime,
  log,
  metrics,
  accounts,
  alarms,
  settle,
  commit,
}: Pick<Parts, 'runtime' | 'log' | 'metrics' | 'accounts' | 'alarms' | 'commit'> & { readonly settle: Settle }) {
  let told: { since: Instant; count: number } = { since: asInstant(0), count: 0 }
  return { take }

  /**
   * @param name the account that the address names; without it, what the notification says of itself decides, and then its signature.
   * @returns the answer in the channel's own words. A duplicate is answered as success and changes nothing.
   * @throws AppError NOT_FOUND when there is no such account, or none that could be meant; and what is no fault of the notification (the store is down): the
   * caller answers 500, so that the channel repeats it.
   */
  async function take(channel: ChannelName, name: AccountId | undefined, raw: RawNotice): Promise<Acknowledgement> {
    const [account, ...others] = addressees(channel, name, raw)
    if (!account) throw new AppError('NOT_FOUND', `no account ${name ?? ''} of ${channel} that this could be for is set up on this server`)
    return takeFor(account, others, raw)
  }

  async function takeFor(first: ChannelAccount, others: readonly ChannelAccount[], raw: RawNotice): Promise<Acknowledgement> {
    const { channel } = first
    let account = first
    try {
      const read = await readBy(first, others, raw)
      account = read.account
      const { notice } = read
      const outcome = await inTime(settleNotice(account, notice, raw))
      metrics.notifications.count({ channel, kind: notice.kind, outcome })
      return answer(account, outcome)
    } catch (error) {
      if (error instanceof NoticeError) return refuse(account, error)
      metrics.notifications.count({ channel, kind: 'unknown', outcome: 'error' })
      log.error({ event: 'notification.error', channel, account: account.account, error })
      return account.acknowledge({ taken: false, status: 500, message: 'not taken; please send it again' })
    }
  }

  /** The accounts that may be meant, the likeliest first. */
  function addressees(channel: ChannelName, name: AccountId | undefined, raw: RawNotice): ChannelAccount[] {
    if (name !== undefined) return [accounts.find(channel, name)].filter((one) => one !== undefined)
    const ofChannel = accounts.all().filter((one) => one.channel === channel)
    if (ofChannel.length < 2) return [...ofChannel]
    const said = ofChannel.map((account) => ({ account, to: account.addressedTo(raw) }))
    const isDefault = ({ account }: { account: ChannelAccount }) => account.account === defaultAccount
    const unsaid = said.filter(({ to }) => to === 'unsaid')
    return [...said.filter(({ to }) => to === 'this'), ...unsaid.filter(isDefault), ...unsaid.filter((one) => !isDefault(one))].map(
      ({ account }) => account,
    )
  }

  /** Whose key it was signed with is whose it is. @throws NoticeError the first account's, when it is nobody's. */
  async function readBy(
    first: ChannelAccount,
    others: readonly ChannelAccount[],
    raw: RawNotice,
  ): Promise<{ account: ChannelAccount; notice: Notice }> {
    try {
      return { account: first, notice: await first.readNotification(raw) }
    } catch (error) {
      if (!(error instanceof NoticeError)) throw error
      for (const account of others) {
        const notice = await account.readNotification(raw).catch(unlessRefused)
        if (notice) return { account, notice }
      }
      throw error
    }
  }

  /** What takes longer goes on, and the channel, which is told no, tells again. @throws Error when the time is over. */
  async function inTime<T>(work: Promise<T>): Promise<T> {
    const limit = runtime.deadline(answerWithinMs)
    const late = new Promise<never>((_, reject) => {
      limit.signal.addEventListener('abort', () => reject(new Error(`not settled within ${answerWithinMs} ms`)), { once: true })
    })
    try {
      return await Promise.race([work, late])
    } finally {
      limit.clear()
    }
  }

  async function settleNotice(account: ChannelAccount, notice: Notice, raw: RawNotice): Promise<Outcome> {
    const { channel } = account
    const inboxId = asOwnId('InboxId', newId(runtime, 'inb'))
    const inbox = {
      inboxId,
      channel,
      account: account.account,
      notifyId: notice.notifyId,
      receivedAt: runtime.now(),
      body: new TextDecoder().decode(raw.body),
    }
    const along: Along = { inbox }
    switch (notice.kind) {
      case 'trade':
        return tradeOutcome(await settle.trade(notice.report, along))
      case 'refund':
        return refundOutcome(await settle.refund(notice.report, along))
      case 'ignored':
        await commit(decision({ changes: [{ kind: 'insertInbox', entry: { ...inbox, verdict: 'ignored' } }] }))
        return 'ignored'
    }
  }

  /** A flood of forgeries is counted, and told of ten times a minute. */
  function mayTell(): boolean {
    const now = runtime.now()
    if (now - told.since >= 60_000 || now < told.since) told = { since: now, count: 0 }
    told.count++
    return told.count <= toldAMinute
  }

  function refuse(account: ChannelAccount, { refusal, message }: NoticeError): Acknowledgement {
    const { channel } = account
    const outcome = refusal === 'unknown_key' ? 'bad_signature' : refusal
    metrics.notifications.count({ channel, kind: 'unknown', outcome })
    const record = { event: 'notification.refused', channel, account: account.account, outcome: refusal, reason: message }
    if (refusal === 'probe') log.info(record)
    else if (mayTell()) log.warn(record)
    if (refusal === 'undecryptable' || refusal === 'unknown_key')
      alarms.raise('notify_key', { channel, account: account.account, reason: message })
    return account.acknowledge({ taken: false, status: refusal === 'undecryptable' ? 500 : 401, message: refusal })
  }
}

function unlessRefused(error: unknown): undefined {
  if (!(error instanceof NoticeError)) throw error
}

function answer(account: ChannelAccount, outcome: Outcome): Acknowledgement {
  if (outcome === 'unmatched') return account.acknowledge({ taken: false, status: 404, message: 'no such order' })
  if (outcome === 'mismatch') return account.acknowledge({ taken: false, status: 400, message: 'does not match the order' })
  return account.acknowledge({ taken: true })
}

function tradeOutcome(verdict: Awaited<ReturnType<Settle['trade']>>): Outcome {
  switch (verdict) {
    case 'kept':
    case 'closed':
    case 'failed':
      return 'applied'
    case 'already':
      return 'duplicate'
    case 'duplicate':
      return 'applied'
    case 'late':
      return 'late'
    case 'mismatch':
    case 'unmatched':
      return verdict
    case 'pending':
    case 'unknown_state':
    case 'not_found':
      return 'ignored'
  }
}

function refundOutcome(verdict: Awaited<ReturnType<Settle['refund']>>): Outcome {
  switch (verdict) {
    case 'already':
      return 'duplicate'
    case 'mismatch':
    case 'unmatched':
      return verdict
    case 'ignored':
    case 'pending':
    case 'not_found':
      return 'ignored'
    default:
      return 'applied'
  }
}
