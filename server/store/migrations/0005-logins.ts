import type { Table } from './ddl.ts'

/** Logins that came back from a channel's page: each counts once. */
export const loginTables: readonly Table[] = [
  { name: 'used_states', columns: { state: 'id', used_at: 'int' }, primary: ['state'], indexes: { by_age: ['used_at'] } },
]
