import type { Table } from './ddl.ts'

/** What was used of a limit, shared by all instances. */
export const limitTables: readonly Table[] = [
  {
    name: 'limit_windows',
    // The bucket: which limit, and of whom. `ends_at` is there to be swept by.
    columns: { bucket: 'name', since: 'int', used: 'int', ends_at: 'int' },
    primary: ['bucket'],
    indexes: { by_end: ['ends_at'] },
  },
]
