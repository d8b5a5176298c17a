import type { AccountId } from '../../shared/kernel/ids.ts'
import type { ChannelName } from '../../shared/kernel/pay.ts'
import type { Instant } from '../../shared/kernel/time.ts'
import type { Db } from './database.ts'
import { insertNew } from './insert-ignore.ts'

/** An account as it lies in the store: its credentials are sealed, the rest may be seen. */
export type KeptAccount = {
  readonly channel: ChannelName
  readonly account: AccountId
  /** The merchant number to which its money goes. */
  readonly merchantRef: string
  readonly sealed: string
  readonly fingerprint: string
  /** One more with every change. */
  readonly version: number
  readonly createdAt: Instant
  readonly updatedAt: Instant
}

const columns = ['channel', 'account', 'merchant_ref', 'sealed', 'fingerprint', 'version', 'created_at', 'updated_at'] as const

export async function listKeptAccounts(db: Db): Promise<KeptAccount[]> {
  const rows = await db.query.selectFrom('channel_accounts').select(columns).orderBy('channel').orderBy('account').execute()
  return rows.map(({ merchant_ref: merchantRef, created_at: createdAt, updated_at: updatedAt, ...rest }) => ({
    ...rest,
    merchantRef,
    createdAt,
    updatedAt,
  }))
}

/** Another number whenever an account was added or changed; accounts are never taken away. */
export async function accountsRevision(db: Db): Promise<number> {
  const row = await db.query
    .selectFrom('channel_accounts')
    .select(({ fn }) => fn.sum('version').as('revision'))
    .executeTakeFirst()
  return Number(row?.revision ?? 0)
}

/** False when there is one of that channel and name. */
export async function insertKeptAccount(db: Db, kept: KeptAccount): Promise<boolean> {
  const { channel, account, merchantRef, sealed, fingerprint, version, createdAt, updatedAt } = kept
  const times = { created_at: createdAt, updated_at: updatedAt }
  return insertNew(db, 'channel_accounts', { channel, account, merchant_ref: merchantRef, sealed, fingerprint, version, ...times })
}

/** Puts new credentials in the place of those that were read; false when somebody else was faster. */
export async function replaceKeptAccount(db: Db, kept: KeptAccount): Promise<boolean> {
  const { channel, account, merchantRef, sealed, fingerprint, version, updatedAt } = kept
  const result = await db.query
    .updateTable('channel_accounts')
    .set({ merchant_ref: merchantRef, sealed, fingerprint, version, updated_at: updatedAt })
    .where('channel', '=', channel)
    .where('account', '=', account)
    .where('version', '=', version - 1)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}
