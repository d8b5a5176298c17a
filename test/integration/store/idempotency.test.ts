import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { claimKey, endLease, finishKey, forgetKey } from '../../../server/store/idempotency.ts'
import { sweep } from '../../../server/store/sweep.ts'
import { asInstant } from '../../../shared/kernel/time.ts'
import { aDay } from '../../support/builders.ts'
import { openTestDatabase } from '../../support/databases.ts'

const leaseMs = 60_000
const dayMs = 24 * 60 * 60 * 1000

let store: Awaited<ReturnType<typeof openTestDatabase>>
let records = 0
beforeAll(async () => {
  store = await openTestDatabase()
})
afterAll(() => store.end())

const at = (ms: number) => asInstant(aDay + ms)
const claim = (key: string, { ms = 0, route = 'POST /orders', requestHash = 'h1', scope = 'mer_1' } = {}) =>
  claimKey(store.db, { scope, key, route, requestHash, recordId: `idem_${++records}`, now: at(ms), leaseMs })
const recordOf = (claimed: Awaited<ReturnType<typeof claimKey>>) => {
  if (claimed.kind !== 'first' && claimed.kind !== 'again') throw new Error(`is ${claimed.kind}`)
  return claimed.record
}

describe('a key', () => {
  it('is one request’s: of twenty at once one runs, the others are told that it does', async () => {
    const kinds = (await Promise.all(Array.from({ length: 20 }, () => claim('together')))).map((one) => one.kind)

    expect(kinds.filter((kind) => kind === 'first')).toHaveLength(1)
    expect(kinds.filter((kind) => kind === 'running')).toHaveLength(19)
  })

  it('gives the same answer again, to the byte, for a day', async () => {
    const { recordId } = recordOf(await claim('answered'))
    await finishKey(store.db, recordId, { status: 201, body: '{"a": "火鍋 🍲"}\n' })

    expect(await claim('answered', { ms: dayMs - 1 })).toEqual({ kind: 'done', status: 201, body: '{"a": "火鍋 🍲"}\n' })
    expect(await claim('answered', { ms: dayMs })).toMatchObject({ kind: 'first' })
  })

  it.each([
    ['another body', { requestHash: 'h2' }],
    ['another route', { route: 'POST /refunds' }],
  ])('is refused for %s, whether the first still runs or is answered', async (words, other) => {
    const { recordId } = recordOf(await claim(words))

    expect(await claim(words, other)).toEqual({ kind: 'mismatch' })
    await finishKey(store.db, recordId, { status: 200, body: '' })
    expect(await claim(words, other)).toEqual({ kind: 'mismatch' })
  })

  it('means another thing to another merchant, and with another case', async () => {
    await claim('mine')

    expect(await claim('mine', { scope: 'mer_2' })).toMatchObject({ kind: 'first' })
    expect(await claim('MINE')).toMatchObject({ kind: 'first' })
  })

  it('goes on under the same record when the run that held it is dead, for one of twenty', async () => {
    const first = recordOf(await claim('dead'))

    expect(await claim('dead', { ms: leaseMs - 1 })).toEqual({ kind: 'running' })
    const later = await Promise.all(Array.from({ length: 20 }, () => claim('dead', { ms: leaseMs })))
    expect(later.filter((one) => one.kind === 'again')).toEqual([{ kind: 'again', record: first }])
    expect(later.filter((one) => one.kind === 'running')).toHaveLength(19)
  })

  it('goes on at once when the run ended without an answer', async () => {
    const first = recordOf(await claim('ended'))
    await endLease(store.db, first.recordId)

    expect(await claim('ended', { ms: 1 })).toEqual({ kind: 'again', record: first })
  })

  it('is free for anything when its answer was no final one', async () => {
    const { recordId } = recordOf(await claim('free'))
    await forgetKey(store.db, recordId)

    expect(await claim('free', { requestHash: 'h2' })).toMatchObject({ kind: 'first' })
  })

  it('keeps its answer, whatever a late run of it says', async () => {
    const { recordId } = recordOf(await claim('late'))
    await finishKey(store.db, recordId, { status: 201, body: 'one' })

    await finishKey(store.db, recordId, { status: 500, body: 'two' })
    await endLease(store.db, recordId)
    await forgetKey(store.db, recordId)

    expect(await claim('late')).toEqual({ kind: 'done', status: 201, body: 'one' })
  })

  it('is swept after its day, however many there are, and not before', async () => {
    await Promise.all(Array.from({ length: 2500 }, (_, nth) => claim(`old_${nth}`)))
    const young = recordOf(await claim('young', { ms: 1000 }))
    await finishKey(store.db, young.recordId, { status: 200, body: 'kept' })

    await sweep(store.db, at(dayMs + 1))

    const left = await store.db.query.selectFrom('idempotency').select('idem_key').where('idem_key', 'like', 'old_%').execute()
    expect(left).toEqual([])
    expect(await claim('young', { ms: 2000 })).toMatchObject({ kind: 'done', body: 'kept' })
  })
})
