import { useEffect, useRef, useState } from 'preact/hooks'
import type { LinkOrder, LinkPaying, OrderPage, PageWay, QrCode } from '../../../shared/api/pay-page.ts'
import type { ChannelName } from '../../../shared/kernel/pay.ts'
import type { Trouble } from '../../../shared/kernel/pay-page.ts'
import {
  after,
  askOrder,
  followOrder,
  forgetTrouble,
  leaveTo,
  now,
  onLook,
  onReturn,
  payByBridge,
  startPayment,
  watchNetwork,
  wentBack,
  whenSeen,
} from './browser.ts'

/**
 * What the payer is doing. None of it says that anything is paid: that is the order's, and the order is the server's.
 * `choose`: he has not begun. `start`: the server is asked. `scan`: a code is shown. `away`: he is being led out. `confirm`: he may have paid.
 */
export type Doing =
  | { readonly is: 'choose' }
  | { readonly is: 'start'; readonly channel: ChannelName; readonly isSlow: boolean }
  | { readonly is: 'scan'; readonly channel: ChannelName; readonly qr: QrCode }
  | { readonly is: 'away'; readonly channel: ChannelName }
  | { readonly is: 'confirm'; readonly isAsking: boolean }

/** What stands beside it. */
export type Said = Trouble | 'notPaid' | 'notYet' | 'notAsked' | undefined

export type Cashier = ReturnType<typeof useCashier>

const slowMs = 4000
/** A page that is kept while another is open is looked at again when its payer comes back. */
const awayMs = 6000
const renewalMs = 30_000
const leastMs = 5000

/** The page's state and what can be done with it. */
export function useCashier(page: OrderPage) {
  const [order, setOrder] = useState<LinkOrder>(page.order)
  const clock = useRef<{ readonly server: number; readonly here: number }>()
  clock.current ??= { server: Date.parse(page.order.now), here: now() }
  const [doing, setDoing] = useState<Doing>(() => firstDoing(page))
  const [said, setSaid] = useState<Said>(page.trouble ?? undefined)
  const [isOnline, setOnline] = useState(true)
  const isOpen = order.status === 'pending' && !order.isExpired
  const wasStarted = useRef(false)

  useEffect(() => watchNetwork(setOnline), [])
  useEffect(() => onLook(() => void refresh()), [])
  useEffect(() => (isSettled(order) ? undefined : followOrder(page, takeOrder)), [isSettled(order)])
  useSlowness(doing, setDoing)
  useReturn(doing, setDoing)
  useFreshCode(doing, order, { renew, serverNow })

  const only = page.ways.length === 1 ? page.ways[0] : undefined
  useEffect(() => {
    if (page.trouble !== null) forgetTrouble()
    if (wentBack(page) && doing.is === 'choose' && isOpen && page.trouble === null) void ask()
    // On a desktop there is nothing to choose and nothing to leave for: the code is what the payer came for.
    if (only?.kind !== 'scan' || doing.is !== 'choose' || !isOpen || page.trouble !== null || wasStarted.current) return
    wasStarted.current = true
    whenSeen(() => void pay(only.channel))
  }, [])

  return { order, doing, said, isOnline, isOpen, pay, ask, refresh, chooseAgain, serverNow }

  async function pay(channel: ChannelName): Promise<void> {
    setSaid(undefined)
    setDoing({ is: 'start', channel, isSlow: false })
    const answer = await startPayment(page, channel)
    if (answer.ok) return act(channel, answer.value)
    // Refused because it is paid, or closed: then the order says so, and nothing else has to be said.
    if (answer.trouble === 'other') await refresh()
    setDoing({ is: 'choose' })
    setSaid(answer.trouble)
  }

  async function act(channel: ChannelName, { action, qr }: LinkPaying): Promise<void> {
    if (qr) return setDoing({ is: 'scan', channel, qr })
    if (action.type === 'redirect') {
      setDoing({ is: 'away', channel })
      return leaveTo(action.url, page)
    }
    if (action.type !== 'wx.requestPayment') {
      setSaid('way')
      return setDoing({ is: 'choose' })
    }
    setDoing({ is: 'away', channel })
    const result = await payByBridge(action.params)
    if (result === 'ok') return setDoing({ is: 'confirm', isAsking: false })
    setDoing({ is: 'choose' })
    setSaid(result === 'absent' ? 'way' : 'notPaid')
    // WeChat says "cancelled" of things that were none.
    void refresh()
  }

  /** The payer says that he has paid: a reason to ask. */
  async function ask(): Promise<void> {
    if (doing.is === 'confirm' && doing.isAsking) return
    setSaid(undefined)
    setDoing({ is: 'confirm', isAsking: true })
    const fresh = await refresh()
    setDoing((then) => (then.is === 'confirm' ? { is: 'confirm', isAsking: false } : then))
    if (fresh?.status !== 'succeeded') setSaid(fresh ? 'notYet' : 'notAsked')
  }

  async function refresh(): Promise<LinkOrder | undefined> {
    const fresh = await askOrder(page)
    if (fresh) takeOrder(fresh)
    return fresh
  }

  function takeOrder(fresh: LinkOrder): void {
    clock.current = { server: Date.parse(fresh.now), here: now() }
    setOrder(fresh)
  }

  /** The server's clock, as far as the last answer tells. */
  function serverNow(): number {
    const { server, here } = clock.current ?? { server: 0, here: 0 }
    return server + now() - here
  }

  /** The code that is shown ends soon: another takes its place, and until there is one it stays. */
  async function renew(channel: ChannelName): Promise<boolean> {
    const answer = await startPayment(page, channel)
    const qr = answer.ok ? answer.value.qr : null
    // Who has turned to something else meanwhile is not called back.
    if (qr) setDoing((then) => (then.is === 'scan' && then.channel === channel ? { is: 'scan', channel, qr } : then))
    return qr !== null
  }

  function chooseAgain(): void {
    setSaid(undefined)
    setDoing({ is: 'choose' })
  }
}

function firstDoing({ shown, isBack, ways }: OrderPage): Doing {
  if (shown) return { is: 'scan', ...shown }
  return isBack && !isScanned(ways) ? { is: 'confirm', isAsking: false } : { is: 'choose' }
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
    const back = () => setDoing({ is: 'confirm', isAsking: false })
    const stops = [onReturn(back), after(awayMs, back)]
    return () => {
      for (const stop of stops) stop()
    }
  }, [isAway])
}

/** A code that ends before the order does is made anew in time, and tried again for as long as that fails. */
function useFreshCode(
  doing: Doing,
  order: LinkOrder,
  { renew, serverNow }: { renew: (channel: ChannelName) => Promise<boolean>; serverNow: () => number },
): void {
  const [failures, setFailures] = useState(0)
  const endsAt = doing.is === 'scan' ? Date.parse(doing.qr.expiresAt) : undefined
  const isShort = endsAt !== undefined && endsAt < Date.parse(order.expiresAt)
  useEffect(() => {
    if (!isShort || doing.is !== 'scan') return undefined
    const { channel } = doing
    const renewOrCount = async () => {
      if (!(await renew(channel))) setFailures(failures + 1)
    }
    return after(Math.max(leastMs, endsAt - serverNow() - renewalMs), () => void renewOrCount())
  }, [endsAt, isShort, failures])
}
