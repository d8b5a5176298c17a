import { type AccountId, asOrderId, defaultMerchant, type MerchantId, readOutRefundNo } from '../../shared/kernel/ids.ts'
import { type Currency, formatMoney, moneyOf } from '../../shared/kernel/money.ts'
import type { ChannelName } from '../../shared/kernel/pay.ts'
import { asInstant, chinaDay, later } from '../../shared/kernel/time.ts'
import type { ChannelAccount } from '../channels/channel.ts'
import { ChannelError } from '../channels/failure.ts'
import { newId } from '../lib/ids.ts'
import { type BillRun, countLines, insertLines, insertRun } from '../store/bills.ts'
import {
  billTotals,
  type Compared,
  differingFunds,
  differingPayments,
  differingRefunds,
  fundsWithoutTrade,
  type PaymentPair,
  paymentsNotInBill,
  type RefundPair,
  refundsNotInBill,
} from '../store/compare-bill.ts'
import { findReconciliation } from '../store/reconciliations.ts'
import { AppError, channelRefusal } from './error.ts'
import type { Parts } from './parts.ts'
import type { BillKind } from './rules/bill.ts'
import {
  feeDifference,
  fundsDifference,
  type Listed,
  makeListed,
  notInBill,
  paymentDifference,
  refundDifference,
  refundOf,
  tradeOf,
} from './rules/bill-differences.ts'
import { decision, type Reconciliation } from './rules/decision.ts'
import { boundsOf, type Difference, dayBefore, isDay, type Report } from './rules/reconciliation.ts'
import type { Alive } from './rules/task.ts'
import type { Settle } from './settle.ts'

/** What happens this close to midnight may stand in the next day's bill. */
const edgeMs = 15 * 60 * 1000
/** Bills are kept by the channel for three months. */
const oldestDays = 90
const maxLooks = 20
const lookEveryMs = 500

export type Reconcile = ReturnType<typeof makeReconcile>
export type Day = { readonly channel: ChannelName; readonly account: AccountId; readonly day: string }

/**
 * Compares a day's bill with the books. The bill is read to its end and verified before a word of it is believed; what the channel
 * knows and we do not is then put right through `settle`, like a notification that came late; the rest is listed.
 */
export function makeReconcile({
  db,
  runtime,
  accounts,
  alarms,
  commit,
  askChannel,
  settle,
}: Pick<Parts, 'db' | 'runtime' | 'accounts' | 'alarms' | 'commit' | 'askChannel'> & { readonly settle: Settle }) {
  return { run, request, get }

  /** What came of a day. @throws AppError PARAM_ERROR for what is no day; NOT_FOUND when it was not compared yet. */
  async function get(merchantId: MerchantId, asked: Day): Promise<Reconciliation> {
    assertDay(asked.day)
    const found = merchantId === defaultMerchant ? await findReconciliation(db, asked) : undefined
    if (!found) throw new AppError('NOT_FOUND', `${asked.day} was not reconciled yet on ${asked.channel}`)
    return found
  }

  /** Compares a day now. @throws AppError PARAM_ERROR, NOT_FOUND; and as the channel's failure says, such as a bill that is not ready. */
  async function request(merchantId: MerchantId, asked: Day): Promise<Reconciliation> {
    assertDay(asked.day)
    if (merchantId !== defaultMerchant) throw new AppError('NOT_FOUND', 'the bill of this account belongs to another merchant')
    const { to } = boundsOf(asked.day)
    if (to > runtime.now()) throw refuse(`is not over yet; the bill of a day can be compared from ten the next morning (+08:00)`)
    if (to < later(runtime.now(), -oldestDays * 24 * 60 * 60 * 1000))
      throw refuse(`is more than ${oldestDays} days ago; the channel keeps no bill of it`)
    const account = accounts.pick(asked)
    if (!account.bill) throw new AppError('INVALID_REQUEST', `${account.label.en} has no bill that could be compared`)
    try {
      return await run(account, asked.day, async () => {})
    } catch (error) {
      throw error instanceof ChannelError ? channelRefusal(error.failure) : error
    }
  }

  /** May run twice, and at once: each run reads lines of its own. @throws ChannelError when the bill cannot be had or is not whole. */
  async function run(account: ChannelAccount, day: string, alive: Alive): Promise<Reconciliation> {
    const reading: BillRun = {
      runId: newId(runtime, 'bil'),
      channel: account.channel,
      account: account.account,
      day,
      startedAt: runtime.now(),
    }
    await insertRun(db, reading)
    const trades = await load(account, reading, 'trade', alive)
    const funds = trades === undefined || !account.hasFundFlow ? undefined : await loadFunds(account, reading, alive)
    const [hasTrades, hasFunds] = [trades !== undefined, funds !== undefined]
    await untilSeen(reading, (trades ?? 0) + (funds ?? 0))
    const before = await findReconciliation(db, reading)
    const listed = await compareAll(reading, { hasFunds, alive })
    const [currency] = account.currencies
    const report = await reportOf(reading, { currency, isEmpty: !hasTrades, withFunds: hasFunds, listed, before: before?.report })
    return close(reading, report)
  }

  /** Reads the whole bill into rows of this run; how many. Undefined when nothing happened that day. */
  async function load(account: ChannelAccount, reading: BillRun, kind: BillKind, alive: Alive): Promise<number | undefined> {
    const { day, runId } = reading
    const subject = { merchantId: defaultMerchant, orderId: asOrderId('-'), number: day }
    const asked = await askChannel(account, 'bill', subject, async (one) => {
      const bill = await one.bill?.({ kind, day })
      let count = 0
      if (bill) for await (const lines of bill) count += await take(runId, lines, alive)
      return count
    })
    if (asked.ok) return asked.value
    if (asked.failure.refusal === 'billEmpty') return undefined
    throw new ChannelError(asked.failure)
  }

  async function take(runId: string, lines: Parameters<typeof insertLines>[2], alive: Alive): Promise<number> {
    const count = await insertLines(db, runId, lines)
    await alive()
    return count
  }

  /** On a node that lags, a bill that was just written would seem to be empty, and the day to be without a difference. */
  async function untilSeen({ runId, day }: BillRun, lines: number): Promise<void> {
    for (let look = 0; look < maxLooks; look++) {
      if ((await countLines(db, runId)) === lines) return
      await runtime.sleep(lookEveryMs)
    }
    throw new Error(`the bill of ${day} was written and cannot be read: the node that answers lags too far behind`)
  }

  /** The flow of funds is a second opinion: a merchant without permission for it goes without. */
  async function loadFunds(account: ChannelAccount, reading: BillRun, alive: Alive): Promise<number | undefined> {
    try {
      return await load(account, reading, 'funds', alive)
    } catch (error) {
      if (error instanceof ChannelError && error.failure.refusal === 'configuration') return undefined
      throw error
    }
  }

  async function compareAll(reading: BillRun, { hasFunds, alive }: { hasFunds: boolean; alive: Alive }): Promise<Listed> {
    const listed = makeListed()
    const bounds = boundsOf(reading.day)
    const day: Compared = { ...reading, from: asInstant(bounds.from), to: asInstant(bounds.to) }
    const edge: Compared = { ...day, from: later(day.from, -edgeMs), to: later(day.to, -edgeMs) }
    const inner: Compared = { ...day, from: later(day.from, edgeMs), to: later(day.to, -edgeMs) }
    for await (const pair of differingPayments(db, day)) {
      for (const difference of await judgePayment(reading, pair)) listed.add(difference)
      await alive()
    }
    for await (const pair of differingRefunds(db, day)) {
      for (const difference of await judgeRefund(reading, pair)) listed.add(difference)
      await alive()
    }
    for await (const missing of paymentsNotInBill(db, day)) listed.add(notInBill('missing_there', missing))
    const runBefore = (await findReconciliation(db, { ...reading, day: dayBefore(reading.day) }))?.runId ?? ''
    for await (const missing of refundsNotInBill(db, { ...edge, runBefore })) listed.add(notInBill('refund', missing))
    if (!hasFunds) return listed
    for (const trade of ['payment', 'refund'] as const) {
      for await (const one of differingFunds(db, inner, trade)) listed.add(fundsDifference(one, trade))
      for await (const one of fundsWithoutTrade(db, inner, trade)) listed.add(fundsDifference(one, trade))
      await alive()
    }
    return listed
  }

  /** A payment of the bill that the books do not know, or know otherwise: told to `settle` like any other news of it. */
  async function judgePayment(reading: BillRun, { line, book }: PaymentPair): Promise<Difference[]> {
    const fee = feeDifference(line, book?.orderId)
    const found = paymentDifference(line, book)
    if (!found) return fee
    const verdict = await settle.trade(tradeOf(reading, line))
    const repaired = verdict === 'kept' || verdict === 'late' || verdict === 'duplicate'
    return [{ ...found, number: line.number, orderId: book?.orderId, repaired }, ...fee]
  }

  async function judgeRefund(reading: BillRun, { line, book }: RefundPair): Promise<Difference[]> {
    const fee = feeDifference(line, book?.orderId)
    const detail = refundDifference(line, book)
    if (detail === undefined) return fee
    const outRefundNo = readOutRefundNo(line.number)
    const verdict = outRefundNo ? await settle.refund(refundOf(reading, line, outRefundNo)) : 'unmatched'
    const repaired = verdict === 'succeeded' || verdict === 'adopted' || verdict === 'closed' || verdict === 'abnormal'
    return [{ kind: 'refund', number: line.number, orderId: book?.orderId, detail, repaired }, ...fee]
  }

  async function reportOf(
    { runId }: BillRun,
    {
      currency,
      isEmpty,
      withFunds,
      listed,
      before,
    }: { currency: Currency | undefined; isEmpty: boolean; withFunds: boolean; listed: Listed; before: Report | undefined },
  ): Promise<Report> {
    const [payments, refunds] = [await billTotals(db, runId, 'payment'), await billTotals(db, runId, 'refund')]
    // What an earlier run put right was a difference of that day all the same.
    const known = new Set(listed.all().map((one) => `${one.kind} ${one.number}`))
    for (const one of before?.differences ?? []) if (one.repaired && !known.has(`${one.kind} ${one.number}`)) listed.add(one)
    return {
      isEmpty,
      withFunds,
      currency,
      payments: { count: payments.count, amountMinor: payments.amountMinor },
      refunds: { count: refunds.count, amountMinor: refunds.amountMinor },
      feeMicro: payments.feeMicro + refunds.feeMicro,
      counts: listed.counts(),
      differences: listed.all(),
    }
  }

  async function close({ channel, account, day, runId }: BillRun, report: Report): Promise<Reconciliation> {
    const reconciliation: Reconciliation = { channel, account, day, runId, report, merchantId: defaultMerchant, completedAt: runtime.now() }
    const { counts, payments, refunds, isEmpty, currency = 'CNY' } = report
    const told = ({ count, amountMinor }: Report['payments']) => ({
      count,
      amount: formatMoney(moneyOf(amountMinor, currency)),
      amountMinor,
    })
    await commit(
      decision({
        changes: [{ kind: 'saveReconciliation', reconciliation }],
        events: [
          {
            type: 'reconciliation.completed',
            merchantId: defaultMerchant,
            orderId: asOrderId('-'),
            at: reconciliation.completedAt,
            data: { channel, account, date: day, isEmpty, currency, payments: told(payments), refunds: told(refunds), differences: counts },
          },
        ],
      }),
    )
    const open = report.differences.filter((one) => !one.repaired).length
    if (open > 0) alarms.raise('reconciliation', { channel, account, day, differences: open })
    return reconciliation
  }
}

function assertDay(day: string): void {
  if (!isDay(day)) throw refuse('is not a day such as 2026-01-02')
}

function refuse(problem: string): AppError {
  return new AppError('PARAM_ERROR', `date: ${problem}`, { details: { fields: [{ path: 'date', problem }] } })
}

/** The day before an instant, in China. */
export function yesterday(now: number): string {
  return dayBefore(chinaDay(asInstant(now)))
}
