import type { AccountId } from '../../shared/kernel/ids.ts'
import type { Instant } from '../../shared/kernel/time.ts'
import type { Db } from './database.ts'
import { insertIgnore } from './insert-ignore.ts'

/** A small text that an account keeps over restarts and shares with other instances. */
export async function loadKeepsake(db: Db, account: AccountId, name: string): Promise<string | undefined> {
  const row = await db.query
    .selectFrom('keepsakes')
    .select('text')
    .where('account', '=', account)
    .where('name', '=', name)
    .executeTakeFirst()
  return row?.text
}

export async function saveKeepsake(db: Db, keepsake: { account: AccountId; name: string; text: string; at: Instant }): Promise<void> {
  const { account, name, text, at } = keepsake
  if ((await insertIgnore(db, 'keepsakes', [{ account, name, text, saved_at: at }])) === 1) return
  await db.query.updateTable('keepsakes').set({ text, saved_at: at }).where('account', '=', account).where('name', '=', name).execute()
}
