import type { MerchantId } from '../../shared/kernel/ids.ts'
import type { Instant } from '../../shared/kernel/time.ts'
import type { Db } from './database.ts'
import { insertIgnore } from './insert-ignore.ts'

export async function ensureMerchant(
  db: Db,
  { merchantId, name, at }: { merchantId: MerchantId; name: string; at: Instant },
): Promise<void> {
  await insertIgnore(db, 'merchants', [{ merchant_id: merchantId, name, created_at: at }])
}
