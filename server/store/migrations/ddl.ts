/** A column as both databases can hold it. */
export type Column = 'id' | 'name' | 'text' | 'long' | 'int' | 'flag'
export type Table = {
  readonly name: string
  readonly columns: Readonly<Record<string, Column | `${Column}?`>>
  readonly primary: readonly string[]
  readonly unique?: Readonly<Record<string, readonly string[]>>
  readonly indexes?: Readonly<Record<string, readonly string[]>>
}
/** An index that a later version adds to a table. */
export type Index = { readonly table: string; readonly name: string; readonly on: readonly string[] }
/** A column that a later version adds to a table; rows that are there have nothing in it. */
export type AddedColumn = { readonly table: string; readonly name: string; readonly type: `${Column}?` }
export type DatabaseKind = 'sqlite' | 'mysql'

const types: Record<DatabaseKind, Record<Column, string>> = {
  sqlite: { id: 'TEXT', name: 'TEXT', text: 'TEXT', long: 'TEXT', int: 'INTEGER', flag: 'INTEGER' },
  mysql: { id: 'VARCHAR(64)', name: 'VARCHAR(128)', text: 'VARCHAR(768)', long: 'LONGTEXT', int: 'BIGINT', flag: 'SMALLINT' },
}

/**
 * The statements that make a table, each of which may run again: DDL is not undone on MySQL, so a migration that was cut off starts
 * over. Text is compared byte by byte on both, whatever the server's default is.
 */
export function createTable(kind: DatabaseKind, table: Table): string[] {
  const columns = Object.entries(table.columns).map(([name, type]) => `${name} ${typeOf(kind, type)}`)
  const primary = `PRIMARY KEY (${table.primary.join(', ')})`
  const unique = Object.entries(table.unique ?? {})
  const indexes = Object.entries(table.indexes ?? {})
  if (kind === 'mysql') {
    const keys = [
      ...unique.map(([name, on]) => `UNIQUE KEY ${name} (${on.join(', ')})`),
      ...indexes.map(([name, on]) => `KEY ${name} (${on.join(', ')})`),
    ]
    return [
      `CREATE TABLE IF NOT EXISTS ${table.name} (${[...columns, primary, ...keys].join(', ')}) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
    ]
  }
  return [
    `CREATE TABLE IF NOT EXISTS ${table.name} (${[...columns, primary].join(', ')}) STRICT`,
    ...unique.map(([name, on]) => `CREATE UNIQUE INDEX IF NOT EXISTS ${table.name}_${name} ON ${table.name} (${on.join(', ')})`),
    ...indexes.map(([name, on]) => `CREATE INDEX IF NOT EXISTS ${table.name}_${name} ON ${table.name} (${on.join(', ')})`),
  ]
}

/** MySQL has no IF NOT EXISTS here: the second run of it is told by the error, which counts as done. */
export function createIndex(kind: DatabaseKind, { table, name, on }: Index): string {
  return kind === 'mysql'
    ? `CREATE INDEX ${name} ON ${table} (${on.join(', ')})`
    : `CREATE INDEX IF NOT EXISTS ${table}_${name} ON ${table} (${on.join(', ')})`
}

/** Neither database has IF NOT EXISTS here: a second run is told by the error, which counts as done. */
export function addColumn(kind: DatabaseKind, { table, name, type }: AddedColumn): string {
  return `ALTER TABLE ${table} ADD COLUMN ${name} ${typeOf(kind, type)}`
}

function typeOf(kind: DatabaseKind, type: Column | `${Column}?`): string {
  const isOptional = type.endsWith('?')
  const column = (Object.keys(types[kind]) as Column[]).find((one) => one === type.replace('?', ''))
  if (column === undefined) throw new TypeError(`no column type ${type}`)
  return `${types[kind][column]}${isOptional ? '' : ' NOT NULL'}`
}
