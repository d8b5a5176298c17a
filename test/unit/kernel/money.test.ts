import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  addMoney,
  currencies,
  currencyNames,
  formatMoney,
  isMoneyProblem,
  moneyOf,
  readMoney,
  subtractMoney,
  timesMoney,
} from '../../../shared/kernel/money.ts'

describe('an amount that comes in', () => {
  it.each([
    ['99.99', 'CNY', 9999],
    [99.99, 'CNY', 9999],
    [19.9, 'CNY', 1990],
    [0.29, 'CNY', 29],
    ['0.1', 'CNY', 10],
    ['1', 'CNY', 100],
    ['100', 'JPY', 100],
    ['100000000.00', 'CNY', 10_000_000_000],
  ] as const)('%p %s is exactly %i of the minor unit', (text, currency, minor) => {
    expect(readMoney(text, currency)).toEqual({ minor, currency })
  })

  it.each([
    ['0', 'CNY'],
    [0, 'CNY'],
    ['0.00', 'CNY'],
    ['-1', 'CNY'],
    [-1, 'CNY'],
    ['0.001', 'CNY'],
    [1.005, 'CNY'],
    ['1e2', 'CNY'],
    ['1e21', 'CNY'],
    [1e21, 'CNY'],
    ['+1', 'CNY'],
    [' 1', 'CNY'],
    ['01', 'CNY'],
    ['1.', 'CNY'],
    ['.5', 'CNY'],
    ['０.０１', 'CNY'],
    ['NaN', 'CNY'],
    [Number.NaN, 'CNY'],
    [Number.POSITIVE_INFINITY, 'CNY'],
    ['1,000.00', 'CNY'],
    ['9007199254740993', 'CNY'],
    ['100000000.01', 'CNY'],
    ['100.5', 'JPY'],
    ['', 'CNY'],
  ] as const)('%p %s is refused with words, never rounded', (text, currency) => {
    const read = readMoney(text, currency)

    expect(isMoneyProblem(read)).toBe(true)
  })

  it('written out and read again is the same, in every currency', () => {
    fc.assert(
      fc.property(fc.constantFrom(...currencyNames), fc.integer({ min: 1, max: 1_000_000_000 }), (currency, minor) => {
        expect(readMoney(formatMoney(moneyOf(minor, currency)), currency)).toEqual({ minor, currency })
      }),
    )
  })
})

describe('reckoning', () => {
  it('adds, subtracts and multiplies without a fen lost', () => {
    expect(addMoney(moneyOf(10, 'CNY'), moneyOf(20, 'CNY'))).toEqual(moneyOf(30, 'CNY'))
    expect(subtractMoney(moneyOf(30, 'CNY'), moneyOf(20, 'CNY'))).toEqual(moneyOf(10, 'CNY'))
    expect(timesMoney(moneyOf(1990, 'CNY'), 3)).toEqual(moneyOf(5970, 'CNY'))
  })

  it('refuses two currencies, less than nothing, and more than can be counted', () => {
    expect(() => addMoney(moneyOf(1, 'CNY'), moneyOf(1, 'HKD'))).toThrow(RangeError)
    expect(() => subtractMoney(moneyOf(1, 'CNY'), moneyOf(2, 'CNY'))).toThrow(RangeError)
    expect(() => timesMoney(moneyOf(Number.MAX_SAFE_INTEGER, 'CNY'), 2)).toThrow(RangeError)
  })

  it('knows how many decimals a currency has', () => {
    expect(formatMoney(moneyOf(5, 'CNY'))).toBe('0.05')
    expect(formatMoney(moneyOf(100, 'JPY'))).toBe('100')
    expect(currencies.JPY.decimals).toBe(0)
  })
})

describe('what does not compile', () => {
  it('a bare number is no amount', () => {
    // @ts-expect-error minor units are made by asMinor, readMoney or moneyOf
    const money: ReturnType<typeof moneyOf> = { minor: 1, currency: 'CNY' }

    expect(money.currency).toBe('CNY')
  })
})
