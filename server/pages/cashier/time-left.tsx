import { useEffect, useState } from 'preact/hooks'
import { every } from './browser.ts'
import { timeLeftText } from './format.ts'
import type { Cashier } from './use-cashier.ts'

type Props = { endsAt: string; state: Pick<Cashier, 'serverNow' | 'refresh'> }

/** A week in hours tells nobody anything. */
const countedMs = 24 * 60 * 60 * 1000
const soonMs = 60_000
const tickMs = 1000

export function isCounted(endsAt: string, { serverNow }: Pick<Cashier, 'serverNow'>): boolean {
  return Date.parse(endsAt) - serverNow() < countedMs
}

/** Counted by the server's clock, which the payer's need not agree with. When it is over, the server is asked what that means. */
export function TimeLeft({ endsAt, state: { serverNow, refresh } }: Props) {
  const rest = () => Date.parse(endsAt) - serverNow()
  const [left, setLeft] = useState(rest)
  useEffect(() => {
    setLeft(rest())
    const stop = every(tickMs, () => {
      setLeft(rest())
      if (rest() > 0) return
      stop()
      void refresh()
    })
    return stop
  }, [endsAt])
  return (
    <time class={left < soonMs ? 'time soon' : 'time'} role="timer" aria-live="off">
      {timeLeftText(left)}
    </time>
  )
}
