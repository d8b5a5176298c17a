import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { statement } from '../../../server/store/statement.ts'
import { transaction } from '../../../server/store/transaction.ts'
import { openTestDatabase } from '../../support/databases.ts'

let store: Awaited<ReturnType<typeof openTestDatabase>>
beforeEach(async () => {
  store = await openTestDatabase()
  for (const [only, id] of [
    [1, 'ins_1'],
    [2, 'ins_2'],
  ] as const)
    await store.db.query.insertInto('installation').values({ only, installation_id: id, home_url: null }).execute()
})
afterEach(() => store.end())

const idOf = statement((query, only: number) => query.selectFrom('installation').select('installation_id').where('only', '=', only))

describe('a statement', () => {
  it('is given other values each time', async () => {
    expect([await idOf(store.db, 1), await idOf(store.db, 2), await idOf(store.db, 3)]).toEqual([
      [{ installation_id: 'ins_1' }],
      [{ installation_id: 'ins_2' }],
      [],
    ])
  })

  it('sees what its own transaction wrote', async () => {
    await transaction(store.db, async (tx) => {
      await tx.query.updateTable('installation').set({ installation_id: 'ins_3' }).where('only', '=', 1).execute()

      expect(await idOf(tx, 1)).toEqual([{ installation_id: 'ins_3' }])
    })
  })

  it.each([
    [
      'has its values in another order',
      statement((query, id: string, only: number) =>
        query.selectFrom('installation').select('only').where('only', '=', only).where('installation_id', '=', id),
      ),
    ],
    [
      'has a value of its own, which would stay what it was',
      statement((query, id: string, only: number) =>
        query.selectFrom('installation').select('only').where('installation_id', '=', id).where('only', 'in', [only, 2]),
      ),
    ],
  ])('that %s is refused when it is made', async (_name, wrong) => {
    await expect(wrong(store.db, 'ins_1', 1)).rejects.toThrow(TypeError)
  })
})
