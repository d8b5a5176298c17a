import { PassThrough } from 'node:stream'
import type Router from '@koa/router'
import type { Context } from 'koa'
import { readOrderId } from '../../../shared/kernel/ids.ts'
import { AppError } from '../../core/error.ts'
import type { Live } from '../../core/live.ts'
import { orderNotFound } from '../../core/load.ts'
import type { Orders, OrderView, Payer } from '../../core/orders.ts'
import type { Runtime } from '../../lib/runtime.ts'
import { presentOrder } from '../present.ts'
import type { Audience, Principal } from '../route.ts'
import { apiPrefix } from '../router.ts'

const heartbeatMs = 15_000
const reconnectMs = 3000
const maxStreamsPerPayer = 20
const maxStreams = 5000

type Parts = {
  readonly orders: Orders
  readonly live: Live
  readonly runtime: Runtime
  readonly authenticate: (ctx: Context, audience: Audience, clientIp: string) => Promise<Principal[Audience]>
}

/** `GET /cashier/orders/:orderId/events`: a `status` event at once and at each change, until the order can change no more. */
export function makeEventStreams({ orders, live, runtime, authenticate }: Parts) {
  const open = new Map<PassThrough, string>()
  const ended = new AbortController()
  return { mount, drain }

  function mount(router: Router): void {
    router.get('/cashier/orders/:orderId/events', async (ctx: Context) => {
      ctx.state.route = `GET ${apiPrefix}/cashier/orders/:orderId/events`
      const who = await authenticate(ctx, 'payer', ctx.state.clientIp)
      if (!who || !('payerId' in who)) throw new AppError('UNAUTHORIZED', 'this needs a session')
      await start(ctx, who)
    })
  }

  async function start(ctx: Context, who: Payer): Promise<void> {
    const orderId = readOrderId(String(ctx.params.orderId))
    const view = orderId && (await orders.get(who.merchantId, orderId))
    if (!orderId || view?.order.payerId !== who.payerId) throw orderNotFound(String(ctx.params.orderId).slice(0, 64))
    const mine = [...open.values()].filter((payerId) => payerId === who.payerId).length
    if (mine >= maxStreamsPerPayer || open.size >= maxStreams || ended.signal.aborted)
      throw new AppError('UNAVAILABLE', 'too many open streams; read the order instead', { retryAfterSeconds: 5 })
    const stream = new PassThrough()
    open.set(stream, who.payerId)
    ctx.set({ 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' })
    ctx.status = 200
    ctx.body = stream
    stream.write(`retry: ${reconnectMs}\n\n`)
    const unfollow = await live.follow(who.merchantId, orderId, (changed) => send(stream, changed))
    stream.once('close', () => {
      open.delete(stream)
      unfollow()
    })
    void beat(stream)
  }

  function send(stream: PassThrough, view: OrderView): void {
    stream.write(`event: status\ndata: ${JSON.stringify(presentOrder(view))}\n\n`)
    if (isOver(view)) stream.end()
  }

  /** Keeps proxies from closing a quiet stream. */
  async function beat(stream: PassThrough): Promise<void> {
    while (!stream.destroyed && !stream.writableEnded && !ended.signal.aborted) {
      await runtime.sleep(heartbeatMs, ended.signal)
      if (!stream.writableEnded && !ended.signal.aborted) stream.write(': still here\n\n')
    }
  }

  /** Ends every stream; a client comes back after the hint it was given. */
  function drain(): void {
    ended.abort()
    for (const stream of open.keys()) stream.end()
  }
}

/** Paid or closed with nothing going back: there is nothing more to tell soon. */
function isOver({ order }: OrderView): boolean {
  return order.status !== 'pending' && order.refunding === 0
}
