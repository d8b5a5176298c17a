import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { closeDatabase, type Database } from '../../../server/store/database.ts'
import { isMigrated, migrate } from '../../../server/store/migrate.ts'
import { payments } from '../../../server/store/migrations/0001-payments.ts'
import { createTable } from '../../../server/store/migrations/ddl.ts'
import { transaction } from '../../../server/store/transaction.ts'
import { applyChange } from '../../../server/store/transitions.ts'
import { asInstant } from '../../../shared/kernel/time.ts'
import { anOrder } from '../../support/builders.ts'
import { type FreshDatabase, freshDatabase, openUrl, storeKind } from '../../support/databases.ts'

let fresh: FreshDatabase
let opened: Database[]
beforeEach(async () => {
  fresh = await freshDatabase()
  opened = []
})
afterEach(async () => {
  await Promise.all(opened.map(closeDatabase))
  await fresh.drop()
})

async function open(): Promise<Database> {
  const db = await openUrl(fresh.url)
  opened.push(db)
  return db
}

const worksOn = (db: Database) => transaction(db, (tx) => applyChange(tx, { kind: 'insertOrder', order: anOrder() }))

describe('a schema', () => {
  it('is made by four instances that start at once, and is whole for each', async () => {
    const instances = await Promise.all([open(), open(), open(), open()])

    await Promise.all(instances.map(migrate))

    expect(await Promise.all(instances.map(isMigrated))).toEqual([true, true, true, true])
    expect((await Promise.all(instances.map(worksOn))).filter((won) => won)).toHaveLength(1)
  })

  it.each([1, 5, 13])('that was cut off after %d tables is finished by the next start', async (count) => {
    const db = await open()
    const statements = payments.slice(0, count).flatMap((table) => createTable(db.dialect.kind, table))
    for (const statement of statements) await sql.raw(statement).execute(db.query)

    await migrate(db)

    expect(await isMigrated(db)).toBe(true)
    expect(await worksOn(db)).toBe(true)
  })

  it('keeps what is in it when it is migrated again', async () => {
    const db = await open()
    await migrate(db)
    await worksOn(db)

    await migrate(await open())

    expect(await worksOn(db)).toBe(false)
  })

  it('that lacks a version below its newest is given it by the next start', async () => {
    const db = await open()
    await migrate(db)
    await db.query.deleteFrom('schema_versions').where('version', '=', 8).execute()
    const lacking = await isMigrated(db)

    await migrate(db)

    expect([lacking, await isMigrated(db)]).toEqual([false, true])
    expect(await worksOn(db)).toBe(true)
  })

  it('of a newer program is refused, and both versions are named', async () => {
    const db = await open()
    await migrate(db)
    await db.query
      .insertInto('schema_versions')
      .values({ version: 99, applied_at: asInstant(0) })
      .execute()

    await expect(migrate(db)).rejects.toThrow(/has schema version 99, this program knows \d+:/)
    expect(await isMigrated(db)).toBe(false)
  })
})

describe('a fresh store', () => {
  it('keeps what it confirmed through a power cut, and never cuts or changes what it is given', async () => {
    const db = await open()
    await migrate(db)

    if (storeKind === 'sqlite') {
      expect(await ask(db, 'PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }])
      expect(await ask(db, 'PRAGMA synchronous')).toEqual([{ synchronous: 2 }])
    } else {
      const [{ mode, names } = { mode: '', names: '' }] = await ask(db, 'SELECT @@sql_mode AS mode, @@collation_connection AS names')
      expect(mode).toContain('STRICT_ALL_TABLES')
      expect(names).toBe('utf8mb4_bin')
    }
    await expect(db.query.insertInto('merchants').values(tooShort()).execute()).rejects.toThrow()
  })

  it('compares every text byte by byte, whatever the server’s default is', async () => {
    const db = await open()
    await migrate(db)

    const others =
      storeKind === 'sqlite'
        ? await ask(db, "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%STRICT'")
        : await ask(
            db,
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND collation_name <> 'utf8mb4_bin'",
          )
    expect(others).toEqual([])
  })
})

async function ask(db: Database, statement: string): Promise<Record<string, unknown>[]> {
  return (await sql.raw<Record<string, unknown>>(statement).execute(db.query)).rows
}

/** A row without one of its columns, as only a mistake could write it. */
const tooShort = () => JSON.parse('{"merchant_id": "mer_1", "name": "one"}')
