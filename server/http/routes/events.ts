import { PassThrough } from 'node:stream'
import type Router from '@koa/router'
import type { Context } from 'koa'
import { type MerchantId, type OrderId, readOrderId } from '../../../shared/kernel/ids.ts'
import type { Checks } from '../../core/check.ts'
import { AppError } from '../../core/error.ts'
import type { Live } from '../../core/live.ts'
import { orderNotFound } from '../../core/load.ts'
import type { Orders, OrderView } from '../../core/orders.ts'
import type { Log } from '../../lib/log.ts'
import type { Runtime } from '../../lib/runtime.ts'
import type { Limits } from '../limits.ts'
import { type CashierUrl, presentOrderToPayer } from '../present.ts'
import { presentLinkOrder } from '../present-link.ts'
import type { Audience, Door, Principal } from '../route.ts'
import { apiPrefix } from '../router.ts'

const heartbeatMs = 15_000
/** An event and no comment: a page has to hear it, to know that no proxy holds the stream back. */
const heartbeat = 'event: alive\ndata: 1\n\n'
/** The clock is looked at this often, so that a machine that slept beats at once. */
const beatStepMs = 1000
const reconnectMs = 3000
const maxStreamsPerPayer = 20
/** A link may be shown to many; those beyond this many read the order now and then. */
const maxStreamsPerLink = 250
const maxStreams = 5000

const answers = { '200': ['text/event-stream'] }

const payerDoor: Door = {
  method: 'get',
  path: '/cashier/orders/:orderId/events',
  audience: 'payer',
  operationId: 'followMyOrder',
  summary: { en: 'The status of my order as it changes', zh: '我的订单状态的实时变化' },
  description:
    'Server-sent events: `status` with the order at once and at each change, until it can change no more; `alive` every 15 seconds.',
  refusals: ['UNAUTHORIZED', 'NOT_FOUND', 'RATE_LIMITED', 'UNAVAILABLE'],
  answers,
}
const linkDoor: Door = {
  method: 'get',
  path: '/cashier/links/:orderId/events',
  audience: 'link',
  operationId: 'followLinkedOrder',
  summary: { en: 'The status of a link’s order as it changes', zh: '链接所指订单状态的实时变化' },
  description: 'As for the payer’s own orders, with what the holder of a link may see.',
  refusals: ['NOT_FOUND', 'RATE_LIMITED', 'UNAVAILABLE'],
  answers,
}
export const eventDoors: readonly Door[] = [payerDoor, linkDoor]

/** Who watches which order, and how it is shown to him. */
type Viewer = {
  readonly merchantId: MerchantId
  readonly orderId: OrderId
  /** Whose streams are counted together, and how many there may be. */
  readonly group: string
  readonly atMost: number
  readonly present: (view: OrderView) => unknown
}

type Parts = {
  readonly orders: Orders
  readonly live: Live
  readonly checks: Pick<Checks, 'glance'>
  readonly cashierUrl: CashierUrl
  readonly merchantName: string
  readonly runtime: Runtime
  readonly log: Log
  readonly admit: Limits
  readonly authenticate: (ctx: Context, audience: Audience, clientIp: string) => Promise<Principal[Audience]>
}

/** `GET …/:orderId/events`, for payers and for holders of a link: a `status` event at once and at each change, until the order can change no more. */
export function makeEventStreams({ orders, live, checks, cashierUrl, merchantName, runtime, log, admit, authenticate }: Parts) {
  const open = new Map<PassThrough, string>()
  let isEnded = false
  return { mount, drain }

  function mount(router: Router): void {
    for (const { path, audience } of [payerDoor, linkDoor] as const)
      router.get(path, async (ctx: Context) => {
        ctx.state.route = `GET ${apiPrefix}${path}`
        await start(ctx, await viewerOf(ctx, audience === 'link' ? 'link' : 'payer'))
      })
  }

  async function viewerOf(ctx: Context, audience: 'link' | 'payer'): Promise<Viewer> {
    const who = await authenticate(ctx, audience, ctx.state.clientIp)
    await admit(ctx.method, audience, who, ctx.state.clientIp)
    if (who && 'device' in who) {
      const { merchantId, orderId } = who
      const present = (view: OrderView) => presentLinkOrder(view, { merchant: merchantName, now: runtime.now() })
      await orders.get(merchantId, orderId)
      return { merchantId, orderId, group: `link ${orderId}`, atMost: maxStreamsPerLink, present }
    }
    if (!who || !('payerId' in who)) throw new AppError('UNAUTHORIZED', 'this needs a session')
    const orderId = readOrderId(String(ctx.params.orderId))
    const view = orderId && (await orders.get(who.merchantId, orderId))
    if (!orderId || view?.order.payerId !== who.payerId) throw orderNotFound(String(ctx.params.orderId).slice(0, 64))
    const present = (seen: OrderView) => presentOrderToPayer(seen, cashierUrl)
    return { merchantId: who.merchantId, orderId, group: who.payerId, atMost: maxStreamsPerPayer, present }
  }

  async function start(ctx: Context, viewer: Viewer): Promise<void> {
    const mine = [...open.values()].filter((group) => group === viewer.group).length
    if (mine >= viewer.atMost || open.size >= maxStreams || isEnded)
      throw new AppError('UNAVAILABLE', 'too many open streams; read the order instead', { retryAfterSeconds: 5 })
    const stream = new PassThrough()
    const over = new AbortController()
    open.set(stream, viewer.group)
    stream.once('close', () => {
      open.delete(stream)
      over.abort()
    })
    stream.write(`retry: ${reconnectMs}\n\n`)
    const unfollow = await follow(stream, viewer)
    over.signal.addEventListener('abort', unfollow, { once: true })
    ctx.set({ 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' })
    ctx.status = 200
    ctx.body = stream
    void beat(stream, over.signal, () => checks.glance(viewer.merchantId, viewer.orderId))
  }

  async function follow(stream: PassThrough, { merchantId, orderId, present }: Viewer): Promise<() => void> {
    try {
      return await live.follow(merchantId, orderId, (changed) => send(stream, changed, present))
    } catch (error) {
      // Whatever it was, the stream will have no reader.
      stream.destroy()
      throw error
    }
  }

  function send(stream: PassThrough, view: OrderView, present: Viewer['present']): void {
    if (stream.writableEnded || stream.destroyed) return
    stream.write(`event: status\ndata: ${JSON.stringify(present(view))}\n\n`)
    if (isOver(view)) stream.end()
  }

  /** Keeps proxies from closing a quiet stream. Whoever watches is looking: the channel is asked, at most as often as for all viewers. */
  async function beat(stream: PassThrough, over: AbortSignal, look: () => Promise<unknown>): Promise<void> {
    let lastAt = runtime.now()
    while (!over.aborted && !stream.writableEnded) {
      await runtime.sleep(beatStepMs, over)
      if (over.aborted || stream.writableEnded) return
      if (Math.abs(runtime.now() - lastAt) < heartbeatMs) continue
      lastAt = runtime.now()
      stream.write(heartbeat)
      await look().catch((error: unknown) => log.warn({ event: 'stream.look', error }))
    }
  }

  /** Ends every stream and opens no more; a client comes back after the hint it was given. */
  function drain(): void {
    isEnded = true
    for (const stream of open.keys()) stream.end()
  }
}

/** Paid or closed with nothing going back: there is nothing more to tell soon. */
function isOver({ order }: OrderView): boolean {
  return order.status !== 'pending' && order.refunding === 0
}
