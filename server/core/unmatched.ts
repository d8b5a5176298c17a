import type { MerchantId } from '../../shared/kernel/ids.ts'
import type { UnmatchedStatus } from '../../shared/kernel/unmatched.ts'
import type { Database } from '../store/database.ts'
import { countOpenUnmatched, listUnmatched } from '../store/unmatched.ts'
import type { Alarms } from './alarms.ts'
import type { PageAsk } from './orders.ts'
import { paged } from './page.ts'
import type { Unmatched } from './rules/unmatched.ts'

export type UnmatchedList = ReturnType<typeof makeUnmatchedList>

/** Money that fits no order, or not its amount: listed for staff, never guessed at. */
export function makeUnmatchedList({ db }: { db: Database }) {
  return {
    /** Newest first. */
    async list(
      merchantId: MerchantId,
      filter: { readonly status?: UnmatchedStatus | undefined },
      page: PageAsk,
    ): Promise<{ items: Unmatched[]; nextCursor?: string | undefined }> {
      return paged(listUnmatched(db, merchantId, filter, page))
    },
  }
}

/** Its alarms follow the list: they stand on every instance, also one that was just started, while something is open, and end with it. */
export function makeUnmatchedWatch({ db, alarms }: { db: Database; alarms: Pick<Alarms, 'mark' | 'follow'> }) {
  return async function watch(): Promise<void> {
    const since = alarms.mark()
    const { mismatches, others } = await countOpenUnmatched(db)
    alarms.follow('amount_mismatch', mismatches, since)
    alarms.follow('unmatched_money', others, since)
  }
}
