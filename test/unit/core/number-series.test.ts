import { describe, expect, it } from '@jest/globals'
import { defaultSeries, type NumberSeries, numberIn, problemOf } from '../../../server/core/rules/number-series.ts'

const inSequence = (given: Partial<NumberSeries> = {}): NumberSeries => ({ ...defaultSeries('order'), form: 'sequence', ...given })

describe('a number of a series', () => {
  it.each([
    [{ prefix: 'WO-', width: 6 }, 42, 'WO-000042'],
    [{ prefix: '', suffix: 'X', width: 4 }, 12345, '12345X'],
    [{ prefix: 'SH', suffix: '-26', width: 3 }, 7, 'SH007-26'],
  ])('of %j is, at %i, %s', (form, count, number) => {
    expect(numberIn(inSequence(form), count)).toBe(number)
  })
})

describe('a series that is changed', () => {
  const before = inSequence({ next: 500 })

  it.each<[string, Partial<NumberSeries>, string | undefined]>([
    ['to a higher number', { next: 900 }, undefined],
    ['to a lower number, which may be in use', { next: 499 }, 'next'],
    ['to a lower number under another prefix', { prefix: 'WP-', next: 1 }, undefined],
    ['to a lower number under another width', { width: 9, next: 1 }, undefined],
    ['to numbers shorter than WeChat takes', { prefix: '', width: 1, next: 1 }, 'width'],
    ['to numbers longer than WeChat takes', { prefix: 'A'.repeat(16), suffix: 'B'.repeat(16) }, 'prefix'],
    ['back to the form with time and chance in it', { form: 'stamp', next: 1 }, undefined],
  ])('%s', (_name, change, field) => {
    expect(problemOf({ ...before, ...change }, before)?.field).toBe(field)
  })

  it('of refunds may be longer, as WeChat takes 64', () => {
    const refunds = { ...inSequence({ series: 'refund', prefix: 'R'.repeat(16), suffix: 'S'.repeat(16), width: 20 }) }

    expect(problemOf(refunds, refunds)).toBeUndefined()
  })
})
