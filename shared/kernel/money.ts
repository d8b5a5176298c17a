import type { Brand } from './brand.ts'

/** An integer of the currency's minor unit (fen for CNY, yen for JPY); never negative, never beyond 2^53. */
export type Minor = Brand<number, 'Minor'>

/** The currencies we take: how many decimals each has, and the most one order may ask for, in the minor unit. */
export const currencies = {
  CNY: { decimals: 2, maxMinor: 10_000_000_000 },
  HKD: { decimals: 2, maxMinor: 10_000_000_000 },
  USD: { decimals: 2, maxMinor: 10_000_000_000 },
  EUR: { decimals: 2, maxMinor: 10_000_000_000 },
  GBP: { decimals: 2, maxMinor: 10_000_000_000 },
  CAD: { decimals: 2, maxMinor: 10_000_000_000 },
  AUD: { decimals: 2, maxMinor: 10_000_000_000 },
  NZD: { decimals: 2, maxMinor: 10_000_000_000 },
  SGD: { decimals: 2, maxMinor: 10_000_000_000 },
  MYR: { decimals: 2, maxMinor: 10_000_000_000 },
  THB: { decimals: 2, maxMinor: 10_000_000_000 },
  AED: { decimals: 2, maxMinor: 10_000_000_000 },
  JPY: { decimals: 0, maxMinor: 1_000_000_000 },
} as const satisfies Record<string, { decimals: number; maxMinor: number }>

export type Currency = keyof typeof currencies
export const currencyNames = Object.keys(currencies).filter(isCurrency)

export type Money = { readonly minor: Minor; readonly currency: Currency }

/** Why a text is no amount, in words that name the remedy. */
export type MoneyProblem = { readonly problem: string }

const plainDecimal = /^(0|[1-9][0-9]*)(?:\.([0-9]+))?$/
const longestAmountText = 24

export function isCurrency(word: string): word is Currency {
  return Object.keys(currencies).includes(word)
}

/**
 * Reads an amount written in the currency's major unit, without floats: `"99.99"` or `99.99` CNY is 9999 fen.
 *
 * @param amount a decimal string, or a number whose shortest decimal form is meant; no sign, no exponent, no blanks.
 * @returns money above zero, or what is wrong with it. Never rounds: more decimals than the currency has is a problem.
 */
export function readMoney(amount: string | number, currency: Currency): Money | MoneyProblem {
  const { decimals, maxMinor } = currencies[currency]
  const text = typeof amount === 'number' ? String(amount) : amount
  const match = text.length <= longestAmountText ? plainDecimal.exec(text) : null
  if (!match) return { problem: `is not a plain decimal number such as ${decimals === 0 ? '"100"' : '"99.99"'}` }
  const [, whole = '', fraction = ''] = match
  if (fraction.length > decimals) return { problem: `has ${fraction.length} decimals; ${currency} has ${decimals}` }
  const minor = Number(whole + fraction.padEnd(decimals, '0'))
  if (minor === 0) return { problem: 'is zero; an amount is above zero' }
  if (!Number.isSafeInteger(minor) || minor > maxMinor) return { problem: `is above the most we take, ${print(maxMinor, decimals)}` }
  return { minor: asMinor(minor), currency }
}

/** Whether {@link readMoney} found a problem. */
export function isMoneyProblem(read: Money | MoneyProblem): read is MoneyProblem {
  return 'problem' in read
}

/**
 * Brands an integer of the minor unit that comes from a channel or a row.
 *
 * @throws RangeError when it is not a non-negative safe integer: a caller checks foreign figures first.
 */
export function asMinor(integer: number): Minor {
  if (!Number.isSafeInteger(integer) || integer < 0) throw new RangeError(`${integer} is not an amount in the minor unit`)
  return integer as Minor
}

export const zero = asMinor(0)

/** Money from minor units, as a channel or a row gives it. @throws RangeError as {@link asMinor}. */
export function moneyOf(minor: number, currency: Currency): Money {
  return { minor: asMinor(minor), currency }
}

/** Millionths of a unit, as fees come, with the five decimals that bills show: -6000 is `"-0.00600"`. */
export function formatMillionths(micro: number): string {
  const digits = String(Math.abs(micro)).padStart(7, '0')
  return `${micro < 0 ? '-' : ''}${digits.slice(0, -6)}.${digits.slice(-6, -1)}`
}

/** The decimal text of the major unit, always with the currency's decimals: 9999 fen is `"99.99"`, 100 yen `"100"`. */
export function formatMoney({ minor, currency }: Money): string {
  return print(minor, currencies[currency].decimals)
}

/** @throws RangeError when the currencies differ or the sum is no safe integer. */
export function addMoney(one: Money, other: Money): Money {
  return moneyOf(one.minor + sameCurrency(one, other).minor, one.currency)
}

/** @throws RangeError when the currencies differ or the difference is below zero. */
export function subtractMoney(from: Money, what: Money): Money {
  return moneyOf(from.minor - sameCurrency(from, what).minor, from.currency)
}

/** So many times the price, exactly. @throws RangeError when the product is no safe integer. */
export function timesMoney(price: Money, quantity: number): Money {
  return moneyOf(price.minor * quantity, price.currency)
}

export function equalMoney(one: Money, other: Money): boolean {
  return one.minor === other.minor && one.currency === other.currency
}

function sameCurrency(one: Money, other: Money): Money {
  if (one.currency !== other.currency) throw new RangeError(`${one.currency} and ${other.currency} cannot be reckoned together`)
  return other
}

function print(minor: number, decimals: number): string {
  if (decimals === 0) return String(minor)
  const digits = String(minor).padStart(decimals + 1, '0')
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
}
