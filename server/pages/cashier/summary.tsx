import { useEffect, useState } from 'preact/hooks'
import type { LinkOrder } from '../../../shared/api/pay-page.ts'
import { every, now } from './browser.ts'
import { priceOf, timeLeftText } from './format.ts'
import type { PageWords } from './words.ts'

type Props = { order: LinkOrder; words: PageWords; isOpen: boolean; onEnd: () => void }

/** A week in hours tells nobody anything. */
const countedMs = 24 * 60 * 60 * 1000

/** Whom the payer pays, how much, and for what: shown before anything is paid. */
export function Summary({ order, words, isOpen, onEnd }: Props) {
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
      {order.status === 'succeeded' ? null : <p class="price">{priceOf(order.amount, order.currency)}</p>}
      {order.body === null || order.body === order.subject ? null : <p class="about">{order.body}</p>}
      <dl class="facts">
        <div>
          <dt>{words.order}</dt>
          <dd>{order.orderId}</dd>
        </div>
        {isOpen && Date.parse(order.expiresAt) - Date.parse(order.now) < countedMs ? (
          <div>
            <dt>{words.timeLeft}</dt>
            <dd>
              <TimeLeft order={order} onEnd={onEnd} />
            </dd>
          </div>
        ) : null}
      </dl>
    </section>
  )
}

/** Counted from the server's clock, which the payer's need not agree with. */
function TimeLeft({ order, onEnd }: { order: LinkOrder; onEnd: () => void }) {
  const total = Date.parse(order.expiresAt) - Date.parse(order.now)
  const [left, setLeft] = useState(total)
  useEffect(() => {
    const since = now()
    const stop = every(1000, () => {
      const rest = total - (now() - since)
      setLeft(rest)
      if (rest > 0) return
      stop()
      onEnd()
    })
    setLeft(total)
    return stop
  }, [order.now, order.expiresAt])
  return (
    <time class={left < 60_000 ? 'time soon' : 'time'} role="timer" aria-live="off">
      {timeLeftText(left)}
    </time>
  )
}
