import { describe, expect, it } from '@jest/globals'
import { amountIn } from '../../../server/http/amount-in.ts'
import { newOrder, newRefund } from '../../../shared/api/order.ts'
import { newProduct, productChange } from '../../../shared/api/product.ts'

const order = (more: object) => newOrder.safeParse({ subject: 'Tea', ...more })

describe('an amount that comes in', () => {
  it.each([
    ['99.99', 'CNY', 9999],
    [99.99, 'CNY', 9999],
    ['99.9', 'CNY', 9990],
    ['0.01', 'CNY', 1],
    [19.9, 'HKD', 1990],
    ['100', 'JPY', 100],
    [100, 'JPY', 100],
    ['100000000', 'CNY', 10_000_000_000],
  ])('%j %s is %i of the minor unit', (amount, currency, minor) => {
    expect(order({ amount, currency }).data?.money).toEqual({ minor, currency })
  })

  it.each([
    ['0', 'CNY'],
    ['-1', 'CNY'],
    ['0.001', 'CNY'],
    ['1.005', 'CNY'],
    ['99.990', 'CNY'],
    ['1e2', 'CNY'],
    ['1e21', 'CNY'],
    ['+1', 'CNY'],
    ['01', 'CNY'],
    ['1.', 'CNY'],
    ['.5', 'CNY'],
    [' 1', 'CNY'],
    ['NaN', 'CNY'],
    ['Infinity', 'CNY'],
    ['０.０１', 'CNY'],
    ['1,000', 'CNY'],
    ['100000000.01', 'CNY'],
    ['9007199254740993', 'CNY'],
    ['100.5', 'JPY'],
    [1e21, 'CNY'],
  ])('%j %s is refused at its own name', (amount, currency) => {
    expect(order({ amount, currency }).error?.issues.map((issue) => issue.path)).toEqual([['amount']])
  })

  it('is in yuan when no currency is named, and in none we do not know', () => {
    expect(order({ amount: '1' }).data?.money).toEqual({ minor: 100, currency: 'CNY' })
    expect(order({ amount: '1', currency: 'DOGE' }).error?.issues.map((issue) => issue.path)).toEqual([['currency']])
  })

  it('of a product is its price', () => {
    expect(newProduct.parse({ title: 'Cake', price: '38.50', currency: 'HKD' }).money).toEqual({ minor: 3850, currency: 'HKD' })
    expect(newProduct.safeParse({ title: 'Cake', price: '0' }).error?.issues.map((issue) => issue.path)).toEqual([['price']])
  })
})

describe('an amount whose currency something else decides', () => {
  it('is left as it was written until that is known', () => {
    expect(newRefund.parse({ amount: '100' })).toEqual({ amount: '100' })
    expect(productChange.parse({ price: '20' })).toEqual({ price: '20' })
  })

  it('is then read in that currency, or refused at its name', () => {
    expect(amountIn('JPY', 'amount', '100')).toEqual({ minor: 100, currency: 'JPY' })
    expect(() => amountIn('JPY', 'amount', '100.5')).toThrow('amount has 1 decimals; JPY has 0')
  })

  it('a refund cannot name another currency than its order’s, nor a product change its currency without a price', () => {
    expect(newRefund.safeParse({ amount: '1', currency: 'JPY' }).success).toBe(false)
    expect(productChange.safeParse({ currency: 'JPY' }).error?.issues.map((issue) => issue.path)).toEqual([['price']])
  })
})
