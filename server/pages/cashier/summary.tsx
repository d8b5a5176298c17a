import { Price } from './price.tsx'
import { isCounted, TimeLeft } from './time-left.tsx'
import type { Cashier } from './use-cashier.ts'
import type { PageWords } from './words.ts'

/** Whom the payer pays, how much, and for what: shown before anything is paid. */
export function Summary({ state, words }: { state: Cashier; words: PageWords }) {
  const { order, doing, isOpen } = state
  return (
    <section class="summary" aria-label={words.order}>
      <p class="merchant">
        <span class="avatar" aria-hidden="true">
          {[...order.merchant][0]?.toUpperCase()}
        </span>
        <span>
          <span class="quiet">{words.payTo}</span> <strong>{order.merchant}</strong>
        </span>
      </p>
      <h1 class="what">{order.subject}</h1>
      {order.status === 'succeeded' ? null : <Price order={order} />}
      {order.body === null || order.body === order.subject ? null : <p class="about">{order.body}</p>}
      <dl class="facts">
        <div>
          <dt>{words.order}</dt>
          <dd>{order.orderId}</dd>
        </div>
        {isOpen && doing.is !== 'scan' && isCounted(order.expiresAt, state) ? (
          <div>
            <dt>{words.timeLeft}</dt>
            <dd>
              <TimeLeft endsAt={order.expiresAt} state={state} />
            </dd>
          </div>
        ) : null}
      </dl>
    </section>
  )
}
