import type { LinkOrder } from '../../../shared/api/pay-page.ts'
import { isLongPrice, priceOf } from './format.ts'

/** The amount, in the largest letters of the page. */
export function Price({ order: { amount, currency } }: { order: Pick<LinkOrder, 'amount' | 'currency'> }) {
  const price = priceOf(amount, currency)
  return <p class={isLongPrice(price) ? 'price long' : 'price'}>{price}</p>
}
