import type { AddedColumn, Index } from './ddl.ts'

/** What staff did about money that fits nothing (a row without a status is open), and what an attempt was paid with where they settled it. */
export const unmatchedColumns: readonly AddedColumn[] = [
  { table: 'unmatched', name: 'unmatched_id', type: 'id?' },
  { table: 'unmatched', name: 'status', type: 'id?' },
  { table: 'unmatched', name: 'note', type: 'text?' },
  { table: 'unmatched', name: 'resolved_by', type: 'id?' },
  { table: 'unmatched', name: 'resolved_at', type: 'int?' },
  { table: 'unmatched', name: 'refund_id', type: 'id?' },
  { table: 'attempts', name: 'paid_minor', type: 'int?' },
  { table: 'attempts', name: 'paid_currency', type: 'id?' },
]

export const unmatchedIndexes: readonly Index[] = [
  { table: 'unmatched', name: 'by_id', on: ['merchant_id', 'unmatched_id'] },
  { table: 'unmatched', name: 'by_status', on: ['status', 'reason'] },
]
