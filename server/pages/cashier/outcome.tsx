import type { LinkOrder } from '../../../shared/api/pay-page.ts'
import type { PageLanguage } from '../../../shared/kernel/pay-page.ts'
import { momentText, priceOf } from './format.ts'
import { Mark } from './icons.tsx'
import type { PageWords } from './words.ts'

type Props = { order: LinkOrder; words: PageWords; language: PageLanguage }

/** What became of the order, as the server has it. */
export function Outcome({ order, words, language }: Props) {
  const { mark, title, hint } = tellingOf(order, words)
  return (
    <div class="outcome">
      <Mark kind={mark} />
      <h2>{title}</h2>
      {hint === undefined ? null : <p class="hint">{hint}</p>}
      {order.status === 'succeeded' ? <Receipt order={order} words={words} language={language} /> : null}
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

function Receipt({ order, words, language }: Props) {
  const rows = [
    [words.amountPaid, priceOf(order.amount, order.currency)],
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
