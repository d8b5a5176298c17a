import { type Currency, isMoneyProblem, type Money, readMoney } from '../../shared/kernel/money.ts'
import { fieldProblem } from './failures.ts'

/**
 * Reads an amount whose currency is known only once the thing it belongs to was looked up.
 *
 * @throws AppError PARAM_ERROR that names the member.
 */
export function amountIn(currency: Currency, path: string, amount: string | number): Money {
  const money = readMoney(amount, currency)
  if (isMoneyProblem(money)) throw fieldProblem(path, money.problem)
  return money
}
