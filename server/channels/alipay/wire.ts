import { isCurrency, isMoneyProblem, type Money, readMoney } from '../../../shared/kernel/money.ts'

export type Plain = { readonly [name: string]: unknown }

export function asPlain(value: unknown): Plain | undefined {
  return isPlain(value) ? value : undefined
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A member as text; an empty one is not there. */
export function text(object: Plain | undefined, name: string): string | undefined {
  const value = object?.[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Yuan with up to two decimals, read as text; undefined when it is no amount. */
export function yuan(value: string | undefined, currency = 'CNY'): Money | undefined {
  if (value === undefined || !isCurrency(currency)) return undefined
  const parsed = readMoney(value, currency)
  return isMoneyProblem(parsed) ? undefined : parsed
}
