import type { Selectable } from 'kysely'
import type { AccountId, MerchantId, OrderId, OutTradeNo, PaymentId } from '../../shared/kernel/ids.ts'
import { moneyOf } from '../../shared/kernel/money.ts'
import type { ChannelName, PayAction } from '../../shared/kernel/pay.ts'
import type { AttemptStatus } from '../../shared/kernel/states.ts'
import type { Instant } from '../../shared/kernel/time.ts'
import type { Attempt, PrepareAsk } from '../core/rules/attempt.ts'
import { type Page, pageOf, readCursor } from './cursor.ts'
import type { Db } from './database.ts'
import { isRecord, orNull, orUndefined, readJson } from './json-column.ts'
import type { Schema } from './schema.ts'
import { statement } from './statement.ts'

const attemptColumns = [
  'merchant_id',
  'payment_id',
  'order_id',
  'out_trade_no',
  'channel',
  'account',
  'merchant_ref',
  'status',
  'kept',
  'transaction_id',
  'paid_minor',
  'paid_currency',
  'payer_id',
  'ask',
  'action',
  'action_expires_at',
  'channel_state',
  'reversing_at',
  'failure',
  'created_at',
  'succeeded_at',
  'closed_at',
] as const satisfies ReadonlyArray<keyof Schema['attempts']>

const selectAttempt = statement((query, merchantId: MerchantId, paymentId: PaymentId) =>
  query.selectFrom('attempts').select(attemptColumns).where('merchant_id', '=', merchantId).where('payment_id', '=', paymentId),
)

export async function findAttempt(db: Db, merchantId: MerchantId, paymentId: PaymentId): Promise<Attempt | undefined> {
  const [row] = await selectAttempt(db, merchantId, paymentId)
  return row && readAttempt(row)
}

const selectAttemptByNumber = statement((query, channel: ChannelName, account: AccountId, outTradeNo: OutTradeNo) =>
  query
    .selectFrom('attempts')
    .select(attemptColumns)
    .where('channel', '=', channel)
    .where('account', '=', account)
    .where('out_trade_no', '=', outTradeNo),
)

/** The attempt that carries a channel's number; numbers are an account's, so no merchant is asked for. */
export async function findAttemptByNumber(
  db: Db,
  channel: ChannelName,
  account: AccountId,
  outTradeNo: OutTradeNo,
): Promise<Attempt | undefined> {
  const [row] = await selectAttemptByNumber(db, channel, account, outTradeNo)
  return row && readAttempt(row)
}

const selectAttemptsOf = statement((query, merchantId: MerchantId, orderId: OrderId) =>
  query
    .selectFrom('attempts')
    .select(attemptColumns)
    .where('merchant_id', '=', merchantId)
    .where('order_id', '=', orderId)
    .orderBy('created_at')
    .orderBy('payment_id'),
)

/** All attempts of an order, oldest first. */
export async function listAttemptsOf(db: Db, merchantId: MerchantId, orderId: OrderId): Promise<Attempt[]> {
  return (await selectAttemptsOf(db, merchantId, orderId)).map(readAttempt)
}

/** All attempts of these orders, oldest first. */
export async function listAttempts(db: Db, merchantId: MerchantId, orderIds: readonly OrderId[]): Promise<Attempt[]> {
  const rows = await db.query
    .selectFrom('attempts')
    .select(attemptColumns)
    .where('merchant_id', '=', merchantId)
    .where('order_id', 'in', orderIds)
    .orderBy('created_at')
    .orderBy('payment_id')
    .execute()
  return rows.map(readAttempt)
}

export type AttemptFilter = {
  readonly channel?: ChannelName | undefined
  readonly account?: AccountId | undefined
  readonly statuses?: readonly AttemptStatus[] | undefined
  readonly from?: Instant | undefined
  readonly to?: Instant | undefined
}

/** A merchant's attempts, newest first, by keyset. @throws BadCursor */
export async function listAttemptsByAge(
  db: Db,
  merchantId: MerchantId,
  { channel, account, statuses, from, to }: AttemptFilter,
  page: Page,
): Promise<{ items: Attempt[]; nextCursor?: string }> {
  const after = readCursor(page.cursor)
  let query = db.query.selectFrom('attempts').select(attemptColumns).where('merchant_id', '=', merchantId)
  if (channel !== undefined) query = query.where('channel', '=', channel)
  if (account !== undefined) query = query.where('account', '=', account)
  if (statuses !== undefined) query = query.where('status', 'in', statuses)
  if (from !== undefined) query = query.where('created_at', '>=', from)
  if (to !== undefined) query = query.where('created_at', '<', to)
  if (after)
    query = query.where(({ eb, and, or }) =>
      and([eb('created_at', '<=', after.at), or([eb('created_at', '<', after.at), eb('payment_id', '<', after.id as PaymentId)])]),
    )
  const rows = await query
    .orderBy('created_at', 'desc')
    .orderBy('payment_id', 'desc')
    .limit(page.limit + 1)
    .execute()
  return pageOf(rows.map(readAttempt), page, ({ createdAt, paymentId }) => ({ at: createdAt, id: paymentId }))
}

export function writeAttempt(attempt: Attempt): Schema['attempts'] {
  return {
    merchant_id: attempt.merchantId,
    payment_id: attempt.paymentId,
    order_id: attempt.orderId,
    out_trade_no: attempt.outTradeNo,
    channel: attempt.channel,
    account: attempt.account,
    merchant_ref: attempt.merchantRef,
    status: attempt.status,
    kept: attempt.kept === undefined ? null : Number(attempt.kept),
    transaction_id: orNull(attempt.transactionId),
    paid_minor: orNull(attempt.paid?.minor),
    paid_currency: orNull(attempt.paid?.currency),
    payer_id: orNull(attempt.payerId),
    ask: JSON.stringify(attempt.ask),
    action: attempt.action === undefined ? null : JSON.stringify(attempt.action),
    action_expires_at: orNull(attempt.actionExpiresAt),
    channel_state: orNull(attempt.channelState),
    reversing_at: orNull(attempt.reversingAt),
    failure: orNull(attempt.failure),
    created_at: attempt.createdAt,
    succeeded_at: orNull(attempt.succeededAt),
    closed_at: orNull(attempt.closedAt),
  }
}

type AttemptRow = Pick<Selectable<Schema['attempts']>, (typeof attemptColumns)[number]>

function readAttempt(row: AttemptRow): Attempt {
  return {
    merchantId: row.merchant_id,
    paymentId: row.payment_id,
    orderId: row.order_id,
    outTradeNo: row.out_trade_no,
    channel: row.channel,
    account: row.account,
    merchantRef: row.merchant_ref,
    status: row.status,
    kept: row.kept === null ? undefined : row.kept === 1,
    transactionId: orUndefined(row.transaction_id),
    paid: row.paid_minor === null || row.paid_currency === null ? undefined : moneyOf(row.paid_minor, row.paid_currency),
    payerId: orUndefined(row.payer_id),
    // Rows written before the ask carried its time began when the attempt did.
    ask: { startedAt: row.created_at, ...readJson(row.ask, isAsk, 'attempts.ask') },
    action: row.action === null ? undefined : readJson(row.action, isAction, 'attempts.action'),
    actionExpiresAt: orUndefined(row.action_expires_at),
    channelState: orUndefined(row.channel_state),
    reversingAt: orUndefined(row.reversing_at),
    failure: orUndefined(row.failure),
    createdAt: row.created_at,
    succeededAt: orUndefined(row.succeeded_at),
    closedAt: orUndefined(row.closed_at),
  }
}

type KeptAsk = Omit<PrepareAsk, 'startedAt'> & Partial<Pick<PrepareAsk, 'startedAt'>>

function isAsk(value: unknown): value is KeptAsk {
  return (
    isRecord(value) &&
    typeof value.outTradeNo === 'string' &&
    typeof value.payType === 'string' &&
    isRecord(value.amount) &&
    typeof value.expiresAt === 'number'
  )
}

function isAction(value: unknown): value is PayAction {
  return isRecord(value) && typeof value.type === 'string'
}
