import { useEffect, useRef, useState } from 'preact/hooks'
import type { LinkOrder, LinkPaying, OrderPage, PageWay, QrCode } from '../../../shared/api/pay-page.ts'
import type { ChannelName } from '../../../shared/kernel/pay.ts'
import type { Trouble } from '../../../shared/kernel/pay-page.ts'
import { after, askOrder, followOrder, leaveTo, onReturn, payByBridge, startPayment, watchNetwork, whenSeen } from './browser.ts'

/**
 * What the payer is doing. None of it says that anything is paid: that is the order's, and the order is the server's.
 * `choose`: he has not begun. `start`: the server is asked. `scan`: a code is shown. `away`: he is being led out. `confirm`: he may have paid.
 */
export type Doing =
  | { readonly is: 'choose' }
  | { readonly is: 'start'; readonly channel: ChannelName; readonly isSlow: boolean }
  | { readonly is: 'scan'; readonly channel: ChannelName; readonly qr: QrCode }
  | { readonly is: 'away'; readonly channel: ChannelName }
  | { readonly is: 'confirm'; readonly hasAsked: boolean }

/** What stands beside it. */
export type Said = Trouble | 'notPaid' | 'notYet' | undefined

export type Cashier = ReturnType<typeof useCashier>

const slowMs = 4000
/** A page that is kept while another is open is looked at again when its payer comes back. */
const awayMs = 6000
const renewalMs = 30_000
const leastMs = 5000

/** The page's state and what can be done with it. */
export function useCashier(page: OrderPage) {
  const [order, setOrder] = useState<LinkOrder>(page.order)
  const [doing, setDoing] = useState<Doing>(() => firstDoing(page))
  const [said, setSaid] = useState<Said>(page.trouble ?? undefined)
  const [isOnline, setOnline] = useState(true)
  const isOpen = order.status === 'pending' && !order.isExpired
  const wasStarted = useRef(false)

  useEffect(() => watchNetwork(setOnline), [])
  useEffect(() => (isSettled(order) ? undefined : followOrder(page, setOrder)), [isSettled(order)])
  useSlowness(doing, setDoing)
  useReturn(doing, setDoing)
  useFreshCode(doing, order, pay)

  const only = page.ways.length === 1 ? page.ways[0] : undefined
  useEffect(() => {
    // On a desktop there is nothing to choose and nothing to leave for: the code is what the payer came for.
    if (only?.kind !== 'scan' || doing.is !== 'choose' || !isOpen || page.trouble !== null || wasStarted.current) return
    wasStarted.current = true
    whenSeen(() => void pay(only.channel))
  }, [])

  return { order, doing, said, isOnline, isOpen, pay, ask, refresh, chooseAgain }

  async function pay(channel: ChannelName): Promise<void> {
    setSaid(undefined)
    setDoing({ is: 'start', channel, isSlow: false })
    const answer = await startPayment(page, channel)
    if (answer.ok) return act(channel, answer.value)
    setDoing({ is: 'choose' })
    setSaid(answer.trouble)
    // Refused because it is paid, or closed: then the order says so.
    void refresh()
  }

  async function act(channel: ChannelName, { action, qr }: LinkPaying): Promise<void> {
    if (qr) return setDoing({ is: 'scan', channel, qr })
    if (action.type === 'redirect') {
      setDoing({ is: 'away', channel })
      return leaveTo(action.url)
    }
    if (action.type !== 'wx.requestPayment') {
      setSaid('way')
      return setDoing({ is: 'choose' })
    }
    setDoing({ is: 'away', channel })
    const result = await payByBridge(action.params)
    if (result === 'ok') return setDoing({ is: 'confirm', hasAsked: false })
    setDoing({ is: 'choose' })
    setSaid(result === 'absent' ? 'way' : 'notPaid')
    // WeChat says "cancelled" of things that were none.
    void refresh()
  }

  /** The payer says that he has paid: a reason to ask. */
  async function ask(): Promise<void> {
    setSaid(undefined)
    const fresh = await refresh()
    if (fresh?.status === 'pending') {
      setDoing({ is: 'confirm', hasAsked: true })
      setSaid('notYet')
    }
  }

  async function refresh(): Promise<LinkOrder | undefined> {
    const fresh = await askOrder(page)
    if (fresh) setOrder(fresh)
    return fresh
  }

  function chooseAgain(): void {
    setSaid(undefined)
    setDoing({ is: 'choose' })
  }
}

function firstDoing({ shown, isBack, ways }: OrderPage): Doing {
  if (shown) return { is: 'scan', ...shown }
  return isBack && !isScanned(ways) ? { is: 'confirm', hasAsked: false } : { is: 'choose' }
}

function isScanned(ways: readonly PageWay[]): boolean {
  return ways.length > 0 && ways.every((way) => way.kind === 'scan')
}

/** Nothing more will change soon. */
function isSettled(order: LinkOrder): boolean {
  return order.status !== 'pending' && !order.isRefunding
}

function useSlowness(doing: Doing, setDoing: (doing: Doing) => void): void {
  const isWaiting = doing.is === 'start' && !doing.isSlow
  useEffect(() => (isWaiting ? after(slowMs, () => doing.is === 'start' && setDoing({ ...doing, isSlow: true })) : undefined), [isWaiting])
}

/** Who was led away and is here again may have paid. */
function useReturn(doing: Doing, setDoing: (doing: Doing) => void): void {
  const isAway = doing.is === 'away'
  useEffect(() => {
    if (!isAway) return undefined
    const back = () => setDoing({ is: 'confirm', hasAsked: false })
    const stops = [onReturn(back), after(awayMs, back)]
    return () => {
      for (const stop of stops) stop()
    }
  }, [isAway])
}

/** A code that ends before the order does is made anew in time. */
function useFreshCode(doing: Doing, order: LinkOrder, pay: (channel: ChannelName) => Promise<void>): void {
  const endsAt = doing.is === 'scan' ? Date.parse(doing.qr.expiresAt) : undefined
  const isShort = endsAt !== undefined && endsAt < Date.parse(order.expiresAt)
  useEffect(() => {
    if (!isShort || doing.is !== 'scan') return undefined
    const left = endsAt - Date.parse(order.now)
    return after(Math.max(leastMs, left - renewalMs), () => void pay(doing.channel))
  }, [endsAt, isShort])
}
