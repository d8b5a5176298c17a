import type { MerchantId, OrderId } from '../../shared/kernel/ids.ts'
import { channelNames } from '../../shared/kernel/pay.ts'
import type { ChannelAccount } from '../channels/channel.ts'
import { ChannelError, type ChannelFailure } from '../channels/failure.ts'
import type { Exchange, Exchanges } from '../lib/exchanges.ts'
import type { Log } from '../lib/log.ts'
import type { Metrics } from '../lib/metrics.ts'
import type { Runtime } from '../lib/runtime.ts'
import { nameOf } from './accounts.ts'
import type { Alarms } from './alarms.ts'
import { makeCircuits } from './circuits.ts'
import type { Note } from './rules/decision.ts'

export const operations = [
  'prepare',
  'query',
  'close',
  'reverse',
  'refund',
  'queryRefund',
  'repairRefund',
  'bill',
  'login',
  'refreshKeys',
] as const
export type Operation = (typeof operations)[number]

const outcomes = ['ok', 'rejected', 'unknown', 'untrusted', 'rate_limited'] as const

/** What came of a call, with the line for the order's timeline that the caller writes together with what it decides. */
export type Asked<T> = { readonly note: Note } & (
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: ChannelFailure }
)

export type Subject = { readonly merchantId: MerchantId; readonly orderId: OrderId; readonly number: string }

/** So many errors of the channel's own in a row are no accident. */
const lastingTroubles = 5

export type AskChannel = ReturnType<typeof makeAskChannel>

/** Wraps every call to a channel once, from outside: its failure becomes an answer, it is counted, logged and noted. */
export function makeAskChannel({
  runtime,
  log,
  metrics,
  alarms,
  exchanges,
}: {
  runtime: Runtime
  log: Log
  metrics: Pick<Metrics, 'channelCalls' | 'channelCallSeconds'>
  alarms: Alarms
  exchanges: Pick<Exchanges, 'during'>
}) {
  declareAll(metrics)
  const troubles = new Map<string, number>()
  const circuits = makeCircuits(runtime)
  return async function askChannel<T>(
    account: ChannelAccount,
    operation: Operation,
    subject: Subject,
    call: (account: ChannelAccount) => Promise<T>,
  ): Promise<Asked<T>> {
    const startedAt = runtime.now()
    const requests: Exchange[] = []
    const name = nameOf(account)
    // Payers wait for these; a login and a bill have other hosts, and nobody waits for a bill.
    const isWaitedFor = operation !== 'login' && operation !== 'bill'
    if (isWaitedFor && !circuits.mayCall(name)) return { ok: false, failure: leftAlone, note: note({ ...summary(leftAlone) }) }
    try {
      const value = await exchanges.during(requests, () => call(account))
      count('ok')
      troubles.delete(name)
      if (isWaitedFor) circuits.answered(name)
      return { ok: true, value, note: note({ outcome: 'ok', ...reported(value) }) }
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error
      const { failure } = error
      const { kind, code, message, channelCode } = failure
      count(outcomeOf(failure))
      log.warn({
        event: 'channel.call',
        channel: account.channel,
        account: account.account,
        operation,
        number: subject.number,
        kind,
        code,
        channelCode,
        error: message,
      })
      alarm(account, operation, failure)
      if (isWaitedFor) hear(name, failure)
      return { ok: false, failure, note: note({ ...summary(failure), channelCode }) }
    }

    function count(outcome: (typeof outcomes)[number]): void {
      const { channel } = account
      metrics.channelCalls.count({ channel, operation, outcome })
      metrics.channelCallSeconds.observe({ channel, operation }, Math.max(0, runtime.now() - startedAt) / 1000)
    }

    function note(detail: Readonly<Record<string, unknown>>): Note {
      const ms = runtime.now() - startedAt
      return {
        merchantId: subject.merchantId,
        orderId: subject.orderId,
        at: startedAt,
        kind: 'call',
        title: `${account.channel} ${operation}`,
        detail: { number: subject.number, ms, ...detail, ...(requests.length === 0 ? {} : { requests }) },
      }
    }
  }

  function hear(name: string, { isTimeout }: ChannelFailure): void {
    if (isTimeout === true) circuits.wasSilent(name)
    else circuits.answered(name)
  }

  function alarm(account: ChannelAccount, operation: Operation, failure: ChannelFailure): void {
    const fields = {
      channel: account.channel,
      account: account.account,
      operation,
      channelCode: failure.channelCode,
      reason: failure.message,
    }
    if (failure.isTls) alarms.raise('channel_tls', fields)
    // One of these passes; one after the other is how the channel answers a merchant whose permissions lack something.
    const name = nameOf(account)
    const inARow = failure.channelCode === undefined || failure.kind !== 'unknown' ? 0 : (troubles.get(name) ?? 0) + 1
    troubles.set(name, inARow)
    if (inARow === lastingTroubles) alarms.raise('channel_configuration', fields)
    if (failure.kind === 'untrusted') alarms.raise('channel_untrusted', fields)
    if (failure.refusal === 'configuration' || failure.refusal === 'caller') alarms.raise('channel_configuration', fields)
  }
}

function declareAll({ channelCalls, channelCallSeconds }: Pick<Metrics, 'channelCalls' | 'channelCallSeconds'>): void {
  for (const channel of channelNames)
    for (const operation of operations) {
      channelCallSeconds.declare({ channel, operation })
      for (const outcome of outcomes) channelCalls.count({ channel, operation, outcome }, 0)
    }
}

/** The channel has not answered for a while; this call was spared the wait. */
const leftAlone: ChannelFailure = {
  kind: 'notSent',
  code: 'CHANNEL_TIMEOUT',
  message: 'the channel has not answered for a while; nothing was sent',
  isTimeout: true,
  hint: { zh: '支付渠道暂时没有响应，请稍后再试', en: 'The payment channel does not answer at the moment; try again shortly' },
}

function summary({ kind, code, message }: ChannelFailure): Readonly<Record<string, unknown>> {
  return { outcome: kind, code, message }
}

function outcomeOf({ kind, refusal }: ChannelFailure): (typeof outcomes)[number] {
  if (refusal === 'rateLimited') return 'rate_limited'
  if (kind === 'refused') return 'rejected'
  return kind === 'untrusted' ? 'untrusted' : 'unknown'
}

/** What the answer said, where it is a report. */
function reported(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || !('outcome' in value)) return {}
  const { outcome } = value
  if (typeof outcome !== 'object' || outcome === null || !('status' in outcome)) return {}
  return { says: 'said' in outcome ? outcome.said : outcome.status }
}
