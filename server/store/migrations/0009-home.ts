import type { AddedColumn } from './ddl.ts'

/** At which public address the work of the store is done. */
export const homeColumns: readonly AddedColumn[] = [{ table: 'installation', name: 'home_url', type: 'text?' }]
