import type { Index, Table } from './ddl.ts'

/** Bills and what came of comparing them with the books. */
export const bills: readonly Table[] = [
  {
    name: 'bill_runs',
    columns: { run_id: 'id', channel: 'id', account: 'id', day: 'id', started_at: 'int' },
    primary: ['run_id'],
    indexes: { by_age: ['started_at'] },
  },
  {
    name: 'bill_lines',
    columns: {
      run_id: 'id',
      kind: 'id',
      number: 'id',
      out_trade_no: 'id?',
      transaction_id: 'name?',
      amount_minor: 'int',
      currency: 'id',
      status: 'id',
      merchant_ref: 'id?',
      app_id: 'id?',
      fee_micro: 'int?',
      due_fee_micro: 'int?',
      at: 'int',
    },
    primary: ['run_id', 'kind', 'number'],
    indexes: { by_transaction: ['run_id', 'transaction_id'] },
  },
  {
    name: 'reconciliations',
    columns: {
      channel: 'id',
      account: 'id',
      day: 'id',
      merchant_id: 'id',
      run_id: 'id',
      report: 'long',
      completed_at: 'int',
    },
    primary: ['channel', 'account', 'day'],
    indexes: { by_merchant: ['merchant_id', 'day'] },
  },
]

/** A day's payments and refunds are found by their time. */
export const billIndexes: readonly Index[] = [
  { table: 'attempts', name: 'by_success', on: ['channel', 'account', 'succeeded_at'] },
  { table: 'refunds', name: 'by_success', on: ['channel', 'account', 'succeeded_at'] },
]
