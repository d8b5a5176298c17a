import { describe, expect, it } from '@jest/globals'
import { AppError } from '../../../server/core/error.ts'
import { makeGuesses } from '../../../server/http/guesses.ts'
import { asInstant, later } from '../../../shared/kernel/time.ts'

function watched() {
  const clock = { now: asInstant(1_000_000) }
  const guesses = makeGuesses(() => clock.now)
  const fail = (address: string, times: number) => {
    for (let nth = 0; nth < times; nth++) guesses.failed(address)
  }
  const pass = (ms: number) => {
    clock.now = later(clock.now, ms)
  }
  const waits = (address: string) => {
    try {
      guesses.assertMayTry(address)
      return 0
    } catch (error) {
      if (error instanceof AppError && error.code === 'RATE_LIMITED') return error.retryAfterSeconds
      throw error
    }
  }
  return { fail, pass, waits }
}

describe('an address with wrong tries', () => {
  it('may go on up to the tenth, then waits for the rest of the minute', () => {
    const { fail, pass, waits } = watched()

    fail('a', 9)
    expect(waits('a')).toBe(0)
    pass(15_000)
    fail('a', 1)

    expect(waits('a')).toBe(45)
  })

  it('starts anew after the minute', () => {
    const { fail, pass, waits } = watched()
    fail('a', 10)

    pass(60_000)

    expect(waits('a')).toBe(0)
    fail('a', 9)
    expect(waits('a')).toBe(0)
  })

  it('makes nobody else wait', () => {
    const { fail, waits } = watched()

    fail('a', 10)

    expect(waits('b')).toBe(0)
  })

  it('is forgotten, the oldest first, when ever more of them come', () => {
    const { fail, waits } = watched()
    fail('first', 10)

    for (let nth = 0; nth < 10_000; nth++) fail(`address ${nth}`, 1)

    expect(waits('first')).toBe(0)
  })
})
