import type { LinkOrder } from '../../../shared/api/pay-page.ts'
import type { PageLanguage } from '../../../shared/kernel/pay-page.ts'
import { momentText, priceOf } from './format.ts'
import { Mark } from './icons.tsx'
import { Price } from './price.tsx'
import type { PageWords } from './words.ts'

type Props = { order: LinkOrder; words: PageWords; language: PageLanguage }

/** What stands on the browser's tab: what is to be paid, then what became of it. Who looks elsewhere meanwhile reads it there. */
export function titleOf(order: LinkOrder, words: PageWords): string {
  const isOpen = order.status === 'pending' && !order.isExpired
  return `${isOpen ? priceOf(order.amount, order.currency) : tellingOf(order, words).title} · ${order.merchant}`
}

/** What is said aloud of an order that can be paid no more. */
export function outcomeAloud(order: LinkOrder, words: PageWords): string {
  const { mark, title } = tellingOf(order, words)
  return mark === 'done' ? `${title} ${priceOf(order.amount, order.currency)}` : title
}

/** What became of the order, as the server has it. */
export function Outcome({ order, words, language }: Props) {
  const { mark, title, hint } = tellingOf(order, words)
  return (
    <div class="outcome">
      <Mark kind={mark} />
      <h2>{title}</h2>
      {mark === 'done' ? <Price order={order} /> : null}
      {hint === undefined ? null : <p class="hint">{hint}</p>}
      {order.status === 'succeeded' ? <Receipt order={order} words={words} language={language} isBack={mark === 'back'} /> : null}
      {order.returnUrl === null ? null : (
        <a class="pay" href={order.returnUrl}>
          {words.backToShop}
        </a>
      )}
    </div>
  )
}

type Telling = { readonly mark: 'done' | 'wait' | 'stop' | 'back'; readonly title: string; readonly hint?: string }

function tellingOf(order: LinkOrder, words: PageWords): Telling {
  switch (order.status) {
    case 'succeeded':
      if (order.isRefunding) return { mark: 'back', title: words.refunding, hint: words.refundHint }
      if (order.refundStatus === 'full') return { mark: 'back', title: words.refundedFull, hint: words.refundHint }
      if (order.refundStatus === 'partial') return { mark: 'back', title: words.refundedPart, hint: words.refundHint }
      return { mark: 'done', title: words.paid }
    case 'failed':
      return { mark: 'stop', title: words.failed, hint: words.failedHint }
    case 'closed':
      return { mark: 'stop', title: words.closed, hint: words.closedHint }
    case 'pending':
      return { mark: 'wait', title: words.expired, hint: words.closedHint }
  }
}

/** What was paid stands large above it, but where some of it went back. */
function Receipt({ order, words, language, isBack }: Props & { isBack: boolean }) {
  const rows = [
    ...(isBack ? [[words.amountPaid, priceOf(order.amount, order.currency)]] : []),
    ...(order.refundStatus === 'none' ? [] : [[words.refunded, priceOf(order.refundedAmount, order.currency)]]),
    ...(order.channel === null ? [] : [[words.paidBy, words.channels[order.channel]]]),
    ...(order.paidAt === null ? [] : [[words.paidAt, momentText(order.paidAt, language)]]),
  ]
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
