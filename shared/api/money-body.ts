import { z } from 'zod'
import { type Currency, isCurrency, isMoneyProblem, type Money, readMoney } from '../kernel/money.ts'

/** A decimal string, or a number, in the currency's major unit. What it was written as is what counts: `1e3` is none. */
export const amountText = z
  .union([z.string(), z.number()], { error: 'is neither a decimal string nor a number' })
  .meta({ description: 'In the major unit, as "99.99" or 99.99; never more decimals than the currency has', example: '99.99' })

type Body<Name extends string> = { readonly currency?: Currency | undefined } & Readonly<Record<Name, string | number>>

/** Says at the amount what is wrong with it, together with all else that is wrong with the body. */
export function amountIsMoney(name: string) {
  return (body: unknown, context: Pick<z.core.$RefinementCtx, 'addIssue'>): void => {
    const problem = problemOf(body, name)
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem, path: [name] })
  }
}

/** For a refinement that has something to say however wrong the rest is. */
export const always = { when: () => true }

/** Turns a body's amount and currency, which `amountIsMoney` let pass, into money. */
export function withMoney<Name extends string>(name: Name) {
  return <Given extends Body<Name>>(body: Given, context: z.core.$RefinementCtx): Omit<Given, Name | 'currency'> & { money: Money } => {
    const { [name]: amount, currency = 'CNY', ...rest } = body
    const money = readMoney(amount, currency)
    if (!isMoneyProblem(money)) return { ...rest, money }
    context.addIssue({ code: 'custom', message: money.problem, path: [name] })
    return z.NEVER
  }
}

/** Undefined, too, when the amount is no text at all or its currency is unknown: that is said already. */
function problemOf(body: unknown, name: string): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const amount: unknown = Reflect.get(body, name)
  const currency: unknown = Reflect.get(body, 'currency') ?? 'CNY'
  if ((typeof amount !== 'string' && typeof amount !== 'number') || typeof currency !== 'string' || !isCurrency(currency)) return undefined
  const money = readMoney(amount, currency)
  return isMoneyProblem(money) ? money.problem : undefined
}
