import type { Table } from './ddl.ts'

/** Accounts that are kept in the store, and which servers run on it. */
export const accountTables: readonly Table[] = [
  {
    name: 'channel_accounts',
    columns: {
      channel: 'id',
      account: 'id',
      merchant_ref: 'name',
      sealed: 'long',
      fingerprint: 'id',
      version: 'int',
      created_at: 'int',
      updated_at: 'int',
    },
    primary: ['channel', 'account'],
  },
  {
    name: 'instances',
    columns: { instance_id: 'id', public_url: 'text', started_at: 'int', seen_at: 'int' },
    primary: ['instance_id'],
    indexes: { by_age: ['seen_at'] },
  },
]
