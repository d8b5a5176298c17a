import { describe, expect, it } from '@jest/globals'
import { drawFrom, orderNumber } from '../../../server/core/rules/order-number.ts'
import { asInstant } from '../../../shared/kernel/time.ts'

const at = asInstant(Date.UTC(2026, 0, 1, 16, 0, 5))

describe('an order number', () => {
  it('is the prefix, the second in China, and six digits', () => {
    expect(orderNumber({ prefix: 'D', at, installation: 'ins_1', draw: 42 })).toMatch(/^D20260102000005\d{2}0042$/)
  })

  it('carries the installation, so that two databases with one merchant number differ', () => {
    const one = orderNumber({ prefix: 'D', at, installation: 'ins_1', draw: 42 })
    const other = orderNumber({ prefix: 'D', at, installation: 'ins_2', draw: 42 })

    expect(one).not.toBe(other)
    expect(orderNumber({ prefix: 'D', at, installation: 'ins_1', draw: 42 })).toBe(one)
  })
})

describe('draws', () => {
  it('of one seed come again in the same order', () => {
    expect([0, 1, 2].map((nth) => drawFrom('idem_1', nth))).toEqual([0, 1, 2].map((nth) => drawFrom('idem_1', nth)))
  })

  it('spread: a thousand seeds meet in the last four digits about as often as chance would have it', () => {
    const drawn = new Set(Array.from({ length: 1000 }, (_, seed) => drawFrom(`idem_${seed}`, 0) % 10_000))

    expect(drawn.size).toBeGreaterThan(920)
  })
})
