import type { MerchantId, OrderId } from '../../shared/kernel/ids.ts'
import type { Log } from '../lib/log.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { Database } from '../store/database.ts'
import { listOrderStates } from '../store/orders.ts'
import { loadView, type OrderView } from './load.ts'

/** Followers are looked after once a second from the table, for what other instances write. */
const pollEveryMs = 1000

type Follower = { readonly merchantId: MerchantId; readonly orderId: OrderId; seen: string; readonly onChange: (view: OrderView) => void }

export type Live = ReturnType<typeof makeLive>

/** Tells viewers of an order what becomes of it: at once after a commit of this instance, within a second after one of another. */
export function makeLive({ db, runtime, log }: { db: Database; runtime: Runtime; log: Log }) {
  const followers = new Set<Follower>()
  const ended = new AbortController()
  let isPolling = false
  return { follow, wake, end: () => ended.abort(), count: () => followers.size }

  /**
   * Calls `onChange` at once and at each change until the returned function is called.
   *
   * @throws AppError NOT_FOUND
   */
  async function follow(merchantId: MerchantId, orderId: OrderId, onChange: (view: OrderView) => void): Promise<() => void> {
    const view = await loadView(db, merchantId, orderId)
    const follower = { merchantId, orderId, seen: fingerprint(view), onChange }
    followers.add(follower)
    onChange(view)
    if (!isPolling) void poll()
    return () => void followers.delete(follower)
  }

  /** Something of these orders was committed. */
  function wake(orders: ReadonlyArray<{ merchantId: MerchantId; orderId: OrderId }>): void {
    const concerned = [...followers].filter((follower) => orders.some((order) => isOf(follower, order)))
    if (concerned.length > 0) void refresh(concerned)
  }

  async function poll(): Promise<void> {
    isPolling = true
    while (followers.size > 0 && !ended.signal.aborted) {
      await runtime.sleep(pollEveryMs, ended.signal)
      if (!ended.signal.aborted) await refreshChanged()
    }
    isPolling = false
  }

  async function refreshChanged(): Promise<void> {
    const watched = [...followers]
    try {
      const states = await listOrderStates(db, watched)
      await refresh(watched.filter((follower) => follower.seen.split(' ')[0] !== states.get(`${follower.merchantId} ${follower.orderId}`)))
    } catch (error) {
      log.warn({ event: 'live.poll', error })
    }
  }

  async function refresh(concerned: readonly Follower[]): Promise<void> {
    for (const follower of concerned) {
      try {
        const view = await loadView(db, follower.merchantId, follower.orderId)
        const print = fingerprint(view)
        if (print === follower.seen || !followers.has(follower)) continue
        follower.seen = print
        follower.onChange(view)
      } catch (error) {
        log.warn({ event: 'live.refresh', orderId: follower.orderId, error })
      }
    }
  }
}

function isOf(follower: Follower, order: { merchantId: MerchantId; orderId: OrderId }): boolean {
  return follower.merchantId === order.merchantId && follower.orderId === order.orderId
}

/** What a viewer would see change; its beginning is what the table's poll compares. */
function fingerprint({ order, attempts, refunds }: OrderView): string {
  const state = `${order.status}/${order.refunded}/${order.refunding}`
  return [state, ...attempts.map((attempt) => attempt.status), ...refunds.map((refund) => refund.status)].join(' ')
}
