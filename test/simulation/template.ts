import { type KeyObject, sign } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { makeProducts } from '../../server/core/products.ts'
import { seedGoods } from '../../server/demo/goods.ts'
import { sha256Hex } from '../../server/lib/hmac.ts'
import { makeNodeRuntime } from '../../server/lib/node-runtime.ts'
import { insertKey } from '../../server/store/api-keys.ts'
import { closeDatabase, openDatabase } from '../../server/store/database.ts'
import { ensureInstallation } from '../../server/store/installation.ts'
import { ensureMerchant } from '../../server/store/merchants.ts'
import { migrate } from '../../server/store/migrate.ts'
import { asOwnId, defaultMerchant } from '../../shared/kernel/ids.ts'
import { scopes } from '../../shared/kernel/scopes.ts'
import { asInstant } from '../../shared/kernel/time.ts'
import { silentLog } from '../support/silent-log.ts'
import { merchantKeys } from './told.ts'

type Table = { readonly name: string; readonly rows: ReadonlyArray<Record<string, string | number | null>> }

let made: Promise<void> | undefined
let statements: string[] = []
let tables: Table[] = []

/** A store as the first start leaves it, with two merchants and things to sell; made once, copied for every run. */
export const copyTemplate = {
  ready: () => {
    made ??= make()
    return made
  },
  into: (db: DatabaseSync) => {
    for (const statement of statements) db.exec(statement)
    for (const { name, rows } of tables) for (const row of rows) insert(db, name, row)
  },
  /** What merchants and goods there are, for a store whose schema the instances made themselves. */
  merchants: (db: DatabaseSync) => {
    for (const { name, rows } of tables.filter((one) => ['merchants', 'api_keys', 'products'].includes(one.name)))
      for (const row of rows) insert(db, name, row)
  },
  /** Of the schema: a store has all its tables and columns once this is written in it. */
  version: (): number =>
    Math.max(0, ...(tables.find(({ name }) => name === 'schema_versions')?.rows ?? []).map(({ version }) => Number(version))),
  sign: (key: KeyObject, bytes: Uint8Array): Uint8Array => sign('sha256', bytes, key),
}

async function make(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'shouyin-template-'))
  const path = join(folder, 'template.db')
  const noCount = { count: () => {} }
  const runtime = { ...makeNodeRuntime(), now: () => asInstant(Date.UTC(2026, 0, 1)) }
  const db = await openDatabase({
    url: { kind: 'sqlite', path },
    runtime,
    log: silentLog,
    metrics: { dbRetries: noCount, dbCommitUnknown: noCount },
  })
  await migrate(db)
  await ensureInstallation(db, 'ins_simulated')
  await ensureMerchant(db, { merchantId: defaultMerchant, name: 'default', at: runtime.now() })
  const other = asOwnId('MerchantId', 'mer_other')
  await ensureMerchant(db, { merchantId: other, name: 'other', at: runtime.now() })
  await insertKey(db, {
    merchantId: other,
    keyId: asOwnId('KeyId', 'key_other'),
    hash: sha256Hex(merchantKeys[1]),
    name: 'other',
    scopes,
    createdAt: runtime.now(),
  })
  await seedGoods(makeProducts({ db, runtime } as never))
  await closeDatabase(db)
  read(path)
  rmSync(folder, { recursive: true })
}

function read(path: string): void {
  const db = new DatabaseSync(path)
  const objects = db
    .prepare(`select type, name, sql from sqlite_master where sql is not null and name not like 'sqlite_%'`)
    .all() as Array<{ type: string; name: string; sql: string }>
  statements = objects.sort((one, other) => Number(one.type !== 'table') - Number(other.type !== 'table')).map((one) => one.sql)
  tables = objects
    .filter((one) => one.type === 'table')
    .map(({ name }) => ({ name, rows: db.prepare(`select * from "${name}"`).all() as Table['rows'] }))
  db.close()
}

function insert(db: DatabaseSync, name: string, row: Record<string, string | number | null>): void {
  const columns = Object.keys(row)
  db.prepare(
    `insert or ignore into "${name}" (${columns.map((column) => `"${column}"`).join(', ')}) values (${columns.map(() => '?').join(', ')})`,
  ).run(...Object.values(row))
}
