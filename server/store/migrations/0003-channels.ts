import type { AddedColumn, Table } from './ddl.ts'

/** Payments by the payer's code, and numbers in series. */
export const channelTables: readonly Table[] = [
  {
    name: 'number_series',
    columns: {
      merchant_id: 'id',
      series: 'id',
      form: 'id',
      prefix: 'id',
      suffix: 'id',
      width: 'int',
      next_number: 'int',
      updated_at: 'int',
    },
    primary: ['merchant_id', 'series'],
  },
  {
    name: 'number_draws',
    columns: { merchant_id: 'id', series: 'id', draw: 'id', number: 'int', drawn_at: 'int' },
    primary: ['merchant_id', 'series', 'draw'],
    indexes: { by_age: ['drawn_at'] },
  },
]

export const channelColumns: readonly AddedColumn[] = [{ table: 'attempts', name: 'reversing_at', type: 'int?' }]
