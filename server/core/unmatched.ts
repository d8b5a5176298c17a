import type { MerchantId } from '../../shared/kernel/ids.ts'
import type { Database } from '../store/database.ts'
import { listUnmatched } from '../store/unmatched.ts'
import type { PageAsk } from './orders.ts'
import { paged } from './page.ts'
import type { Unmatched } from './rules/decision.ts'

export type UnmatchedMoney = ReturnType<typeof makeUnmatchedMoney>

/** Money that fits no order, or not its amount: listed for staff, never guessed at. */
export function makeUnmatchedMoney({ db }: { db: Database }) {
  return {
    /** Newest first. */
    async list(merchantId: MerchantId, page: PageAsk): Promise<{ items: Unmatched[]; nextCursor?: string | undefined }> {
      return paged(listUnmatched(db, merchantId, page))
    },
  }
}
