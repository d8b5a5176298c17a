import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { makeBudgets } from '../../../server/core/budgets.ts'
import { AppError } from '../../../server/core/error.ts'
import { guessBudget, makeGuesses } from '../../../server/http/guesses.ts'
import { makeNodeRuntime } from '../../../server/lib/node-runtime.ts'
import { makeMetrics } from '../../../server/lib/prom-metrics.ts'
import { asInstant, type Instant, later } from '../../../shared/kernel/time.ts'
import { openTestDatabase } from '../../support/databases.ts'
import { silentLog } from '../../support/silent-log.ts'

const minute = 60_000
let store: Awaited<ReturnType<typeof openTestDatabase>>
let clock: { now: Instant }
beforeEach(async () => {
  store = await openTestDatabase('sqlite')
  clock = { now: asInstant(Date.UTC(2026, 0, 2)) }
})
afterEach(() => store.end())

/** One of several instances on the same store. */
function anInstance({ isLimited = true } = {}) {
  const runtime = { ...makeNodeRuntime(), now: () => clock.now }
  const budgets = makeBudgets({ db: store.db, runtime, log: silentLog })
  const guesses = makeGuesses({
    budget: guessBudget('wrong_keys', isLimited ? { max: 10, windowMs: minute } : undefined),
    budgets,
    metrics: makeMetrics(),
  })
  const secondsOf = (error: unknown) => {
    if (error instanceof AppError && error.code === 'RATE_LIMITED') return error.retryAfterSeconds
    throw error
  }
  return {
    /** How long the address has to wait after each of so many wrong tries; 0 for those that were answered. */
    fail: async (address: string, times: number) => {
      const waits = []
      for (let nth = 0; nth < times; nth++) waits.push(await guesses.failed(address).then(() => 0, secondsOf))
      return waits
    },
    waits: (address: string) => {
      try {
        guesses.assertMayTry(address)
        return 0
      } catch (error) {
        return secondsOf(error)
      }
    },
  }
}
const pass = (ms: number) => {
  clock.now = later(clock.now, ms)
}

describe('an address with wrong tries', () => {
  it('may go on up to the tenth, then waits for the rest of the minute', async () => {
    const { fail, waits } = anInstance()

    await fail('192.0.2.1', 9)
    expect(waits('192.0.2.1')).toBe(0)
    pass(15_000)

    expect(await fail('192.0.2.1', 2)).toEqual([0, 45])
    expect(waits('192.0.2.1')).toBe(45)
  })

  it('starts anew after the minute', async () => {
    const { fail, waits } = anInstance()
    await fail('192.0.2.1', 10)

    pass(minute)

    expect(waits('192.0.2.1')).toBe(0)
    expect(await fail('192.0.2.1', 10)).toEqual(Array.from({ length: 10 }, () => 0))
  })

  it('makes nobody else wait', async () => {
    const { fail, waits } = anInstance()

    await fail('192.0.2.1', 11)

    expect(waits('192.0.2.2')).toBe(0)
    expect(await fail('192.0.2.2', 1)).toEqual([0])
  })

  it('has ten tries, however many instances it asks', async () => {
    const [one, other] = [anInstance(), anInstance()]

    await one.fail('192.0.2.1', 6)

    expect(await other.fail('192.0.2.1', 5)).toEqual([0, 0, 0, 0, 60])
    expect(await one.fail('192.0.2.1', 1)).toEqual([60])
  })

  it('shares them with its neighbours in the network of an IPv6 customer, and with nobody beyond', async () => {
    const { fail } = anInstance()

    for (let nth = 1; nth <= 10; nth++) await fail(`2001:db8:0:1::${nth}`, 1)

    expect(await fail('2001:db8:0:1:ffff::1', 1)).toEqual([60])
    expect(await fail('2001:db8:0:2::1', 1)).toEqual([0])
  })

  it('is not locked out by a clock that was ahead', async () => {
    const { fail } = anInstance()
    pass(2 * 60 * minute)
    await fail('192.0.2.1', 11)

    pass(-2 * 60 * minute)

    expect(await fail('192.0.2.1', 1)).toEqual([0])
    expect(await anInstance().fail('192.0.2.1', 1)).toEqual([0])
  })

  it('is never made to wait where the owner sets no limit', async () => {
    expect(new Set(await anInstance({ isLimited: false }).fail('192.0.2.1', 50))).toEqual(new Set([0]))
  })
})
