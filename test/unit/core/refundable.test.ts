import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { refundable, refundTotalOf, sameContent } from '../../../server/core/rules/order.ts'
import { asMinor } from '../../../shared/kernel/money.ts'
import { anOrder } from '../../support/builders.ts'

describe('what can still be refunded', () => {
  it('is nothing before payment, and what is neither back nor on its way after it', () => {
    expect(refundable(anOrder())).toBe(0)
    expect(refundable(anOrder({ paid: asMinor(9999), refunded: asMinor(1000), refunding: asMinor(500) }))).toBe(8499)
  })

  it('together with what is back and on its way is never more than was paid', () => {
    const figures = fc.record({ paid: fc.nat(10_000), refunded: fc.nat(10_000), refunding: fc.nat(10_000) })
    fc.assert(
      fc.property(figures, ({ paid, refunded, refunding }) => {
        const left = refundable({ paid: asMinor(paid), refunded: asMinor(refunded), refunding: asMinor(refunding) })
        expect(left).toBeGreaterThanOrEqual(0)
        if (refunded + refunding <= paid) expect(left + refunded + refunding).toBe(paid)
      }),
    )
  })

  it('an order is partly refunded from the first fen and fully with the last', () => {
    expect(refundTotalOf({ paid: asMinor(100), refunded: asMinor(0) })).toBe('none')
    expect(refundTotalOf({ paid: asMinor(100), refunded: asMinor(1) })).toBe('partial')
    expect(refundTotalOf({ paid: asMinor(100), refunded: asMinor(100) })).toBe('full')
  })
})

describe('the same order asked for twice', () => {
  it('is known by its content, whatever the order of its metadata', () => {
    expect(sameContent(anOrder({ metadata: { a: '1', b: '2' } }), anOrder({ metadata: { b: '2', a: '1' } }))).toBe(true)
  })

  it('differs by a fen, a letter or a member', () => {
    expect(sameContent(anOrder(), anOrder({ subject: 'tea' }))).toBe(false)
    expect(sameContent(anOrder(), anOrder({ metadata: { a: '1' } }))).toBe(false)
    expect(sameContent(anOrder(), anOrder({ amount: { minor: asMinor(9998), currency: 'CNY' } }))).toBe(false)
  })
})
