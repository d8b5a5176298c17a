import {
  type AccountId,
  asOrderId,
  asOutTradeNo,
  asTransactionId,
  defaultMerchant,
  type MerchantId,
  readOutRefundNo,
} from '../../shared/kernel/ids.ts'
import { formatMoney, isCurrency, moneyOf } from '../../shared/kernel/money.ts'
import type { ChannelName } from '../../shared/kernel/pay.ts'
import { asInstant, chinaDay, later } from '../../shared/kernel/time.ts'
import type { BillKind } from '../channels/bill.ts'
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
  type FundsDifference,
  fundsWithoutTrade,
  type LineRow,
  type Missing,
  type PaymentPair,
  paymentsNotInBill,
  type RefundPair,
  refundsNotInBill,
} from '../store/compare-bill.ts'
import { findReconciliation } from '../store/reconciliations.ts'
import { AppError, channelRefusal } from './error.ts'
import type { Parts } from './parts.ts'
import { decision, type Reconciliation } from './rules/decision.ts'
import { boundsOf, type Difference, type DifferenceKind, dayBefore, isDay, listedDifferences, type Report } from './rules/reconciliation.ts'
import { vouchForRefund, vouchForTrade } from './rules/report.ts'
import type { Settle } from './settle.ts'

/** What happens this close to midnight may stand in the next day's bill. */
const edgeMs = 15 * 60 * 1000
/** Bills are kept by the channel for three months. */
const oldestDays = 90
const maxLooks = 20
const lookEveryMs = 500

export type Reconcile = ReturnType<typeof makeReconcile>
export type Day = { readonly channel: ChannelName; readonly account: AccountId; readonly day: string }
/** Told between two pieces of work, so that whoever holds a lease on it can hold on. */
export type Alive = () => Promise<void>

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
    const funds = trades === undefined ? undefined : await loadFunds(account, reading, alive)
    const [hasTrades, hasFunds] = [trades !== undefined, funds !== undefined]
    await untilSeen(reading, (trades ?? 0) + (funds ?? 0))
    const before = await findReconciliation(db, reading)
    const listed = await compareAll(reading, { hasFunds, alive })
    const report = await reportOf(reading, { isEmpty: !hasTrades, withFunds: hasFunds, listed, before: before?.report })
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
    const verdict = isCurrency(line.currency) ? await settle.trade(tradeOf(reading, line)) : 'mismatch'
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
    { isEmpty, withFunds, listed, before }: { isEmpty: boolean; withFunds: boolean; listed: Listed; before: Report | undefined },
  ): Promise<Report> {
    const [payments, refunds] = [await billTotals(db, runId, 'payment'), await billTotals(db, runId, 'refund')]
    // What an earlier run put right was a difference of that day all the same.
    const known = new Set(listed.all().map((one) => `${one.kind} ${one.number}`))
    for (const one of before?.differences ?? []) if (one.repaired && !known.has(`${one.kind} ${one.number}`)) listed.add(one)
    return {
      isEmpty,
      withFunds,
      payments: { count: payments.count, amountMinor: payments.amountMinor },
      refunds: { count: refunds.count, amountMinor: refunds.amountMinor },
      feeMicro: payments.feeMicro + refunds.feeMicro,
      counts: listed.counts(),
      differences: listed.all(),
    }
  }

  async function close({ channel, account, day, runId }: BillRun, report: Report): Promise<Reconciliation> {
    const reconciliation: Reconciliation = { channel, account, day, runId, report, merchantId: defaultMerchant, completedAt: runtime.now() }
    const { counts, payments, refunds, isEmpty } = report
    await commit(
      decision({
        changes: [{ kind: 'saveReconciliation', reconciliation }],
        events: [
          {
            type: 'reconciliation.completed',
            merchantId: defaultMerchant,
            orderId: asOrderId('-'),
            at: reconciliation.completedAt,
            data: { channel, account, date: day, isEmpty, payments, refunds, differences: counts },
          },
        ],
      }),
    )
    const open = report.differences.filter((one) => !one.repaired).length
    if (open > 0) alarms.raise('reconciliation', { channel, account, day, differences: open })
    return reconciliation
  }
}

type Listed = ReturnType<typeof makeListed>

/** Counts all, lists the first. */
function makeListed() {
  const counts = new Map<DifferenceKind, number>()
  const all: Difference[] = []
  return {
    add: (difference: Difference) => {
      counts.set(difference.kind, (counts.get(difference.kind) ?? 0) + 1)
      if (all.length < listedDifferences) all.push(difference)
    },
    counts: (): Report['counts'] => Object.fromEntries(counts),
    all: (): readonly Difference[] => all,
  }
}

function paymentDifference(line: LineRow, book: PaymentPair['book']): Pick<Difference, 'kind' | 'detail'> | undefined {
  if (!book) return { kind: 'missing_here', detail: `the bill has ${amountOf(line)}, the books nothing` }
  if (book.amountMinor !== line.amount_minor || book.currency !== line.currency)
    return {
      kind: 'amount',
      detail: `the bill has ${amountOf(line)}, the books ${amountOf({ amount_minor: book.amountMinor, currency: book.currency })}`,
    }
  if (book.status !== 'succeeded') return { kind: 'state', detail: `paid by the bill, ${book.status} in the books` }
  if (book.transactionId !== line.transaction_id)
    return { kind: 'state', detail: `transaction ${line.transaction_id} by the bill, ${book.transactionId} in the books` }
  return undefined
}

function refundDifference(line: LineRow, book: RefundPair['book']): string | undefined {
  if (!book) return `the bill has a refund of ${amountOf(line)}, the books none`
  if (book.amountMinor !== line.amount_minor)
    return `the bill has ${amountOf(line)}, the books ${amountOf({ amount_minor: book.amountMinor, currency: line.currency })}`
  const isSame = book.status === line.status || (line.status === 'closed' && book.status === 'failed') || line.status === 'processing'
  return isSame ? undefined : `${line.status} by the bill, ${book.status} in the books`
}

function feeDifference({ number, fee_micro, due_fee_micro }: LineRow, orderId: string | undefined): Difference[] {
  const tolerance = 10_000
  if (fee_micro === null || due_fee_micro === null || Math.abs(fee_micro - due_fee_micro) <= tolerance) return []
  const detail = `a fee of ${unitsOf(fee_micro)}, by its rate ${unitsOf(due_fee_micro)}`
  return [{ kind: 'fee', number, orderId, detail, repaired: false }]
}

function notInBill(kind: 'missing_there' | 'refund', { number, orderId, amountMinor, currency }: Missing): Difference {
  const detail = `the books have ${amountOf({ amount_minor: amountMinor, currency })}, the bill nothing`
  return { kind, number, orderId, detail, repaired: false }
}

function fundsDifference({ number, tradeMinor, fundsMinor }: FundsDifference, trade: string): Difference {
  const said = (minor: number | null) => (minor === null ? 'nothing' : amountOf({ amount_minor: minor, currency: 'CNY' }))
  return {
    kind: 'funds',
    number,
    detail: `${trade}: ${said(tradeMinor)} by the trades, ${said(fundsMinor)} by the flow of funds`,
    repaired: false,
  }
}

function tradeOf({ channel, account }: BillRun, line: LineRow) {
  const currency = isCurrency(line.currency) ? line.currency : 'CNY'
  return vouchForTrade({
    source: 'bill',
    channel,
    account,
    outTradeNo: asOutTradeNo(line.number),
    outcome: {
      status: 'succeeded',
      transactionId: asTransactionId(line.transaction_id ?? ''),
      amount: moneyOf(line.amount_minor, currency),
      merchantRef: line.merchant_ref ?? '',
      appId: (line.app_id ?? '') as never,
      succeededAt: line.at,
    },
  })
}

function refundOf({ channel, account }: BillRun, line: LineRow, outRefundNo: NonNullable<ReturnType<typeof readOutRefundNo>>) {
  const currency = isCurrency(line.currency) ? line.currency : 'CNY'
  const status = line.status
  return vouchForRefund({
    source: 'bill',
    channel,
    account,
    outRefundNo,
    outTradeNo: asOutTradeNo(line.out_trade_no ?? ''),
    channelRefundId: line.transaction_id ?? undefined,
    amount: moneyOf(line.amount_minor, currency),
    outcome:
      status === 'succeeded'
        ? { status, succeededAt: line.at }
        : status === 'abnormal' || status === 'closed' || status === 'processing'
          ? { status }
          : { status: 'unknown', said: status },
  })
}

function amountOf({ amount_minor, currency }: { amount_minor: number; currency: string }): string {
  return isCurrency(currency) ? `${formatMoney(moneyOf(amount_minor, currency))} ${currency}` : `${amount_minor} ${currency}`
}

function unitsOf(micro: number): string {
  return `${micro < 0 ? '-' : ''}${(Math.abs(micro) / 1_000_000).toFixed(5)}`
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
