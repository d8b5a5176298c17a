import type { Emulator } from '../../server/emulator/emulator.ts'
import { callFaults } from '../../server/emulator/faults.ts'
import type { OutgoingPost } from '../../server/emulator/runtime.ts'
import { type IncomingAnswer, NetworkFailure, type OutgoingRequest } from '../../server/lib/runtime.ts'
import type { Engine, Lane } from './engine.ts'
import type { Faults } from './faults.ts'
import { type InjectedAnswer, type InjectedRequest, inject } from './inject.ts'
import type { Instance } from './instance.ts'
import type { FaultKind } from './plan.ts'
import type { Draw } from './random.ts'

const emulatorFaults = [
  'system_error',
  'rate_limit',
  'status_500',
  'bad_signature',
  'no_signature',
  'unknown_serial',
  'order_not_exist',
  'user_paying',
  'not_enough',
  'refund_abnormal',
  'refund_closed',
  'early_notify',
] as const satisfies FaultKind[]
/** What each refusal can be the answer to. */
const faultPaths: Partial<Record<FaultKind, RegExp>> = {
  order_not_exist: /^GET query$/,
  user_paying: /^POST close$/,
  not_enough: /^POST refund$/,
  refund_abnormal: /^POST refund$/,
  refund_closed: /^POST refund$/,
  early_notify: /^POST prepay$/,
}

export type Sent = {
  readonly at: number
  readonly from: string
  readonly title: string
  readonly body: string
  readonly search: string
  readonly arrives: boolean
}
export type Network = ReturnType<typeof makeNetwork>
type Outside = {
  readonly engine: Engine
  readonly draw: Draw
  readonly faults: Faults
  readonly emulator: () => Emulator
  readonly instances: () => readonly Instance[]
  readonly onUpstream: (sent: Sent) => void
  readonly met: (what: string) => void
  readonly onNotified: (message: OutgoingPost, status: number) => void
}

/** Everything between the parties: late, lost, cut, corrupted, doubled, or as it should be. */
export function makeNetwork({ engine, draw, faults, emulator, instances, onUpstream, onNotified, met }: Outside) {
  const cutOff = new Map<string, number>()
  return { upstream, notify, call, partition: (name: string, ms: number) => void cutOff.set(name, engine.now() + ms) }

  function delay(label: string): number {
    const usual = 1 + 60 * draw('network', label) ** 2
    return faults.happens('slow', label) ? usual + 30_000 * draw('network', `slow ${label}`) ** 2 : usual
  }

  function isCutOff(name: string): boolean {
    return (cutOff.get(name) ?? 0) > engine.now()
  }

  /** A request of an instance to the channel. */
  function upstream(lane: Lane, request: OutgoingRequest): Promise<IncomingAnswer> {
    const { pathname, search } = new URL(request.url)
    const title = titleOf(request.method, pathname, search)
    const place = `${lane.name}/net/${title}`
    return new Promise((resolve, reject) => {
      const fail = (label: string, ms: number, error: NetworkFailure) =>
        engine.schedule(`${place}/${label}`, ms, () => reject(error), { lane })
      const body = Buffer.from(request.body ?? new Uint8Array()).toString()
      if (faults.happens('not-sent', place)) {
        fail('refused', 2, new NetworkFailure('notSent', 'connect ECONNREFUSED'))
        return
      }
      const offLimit = fail('timeout', request.timeoutMs, new NetworkFailure('lost', 'no whole answer in time', { isTimeout: true }))
      const isLost = isCutOff(lane.name) || faults.happens('request-lost', place)
      onUpstream({ at: engine.now(), from: lane.name, title, body, search, arrives: !isLost })
      engine.schedule(`${place}/sent`, 0, () => {}, { lane })
      if (isLost) return
      engine.schedule(`emulator/${title}`, delay(place), () => {
        armFor(title, place)
        const injected = { method: request.method, url: pathname + search, headers: request.headers, body: request.body }
        inject(emulator().callback, injected, (answer) => {
          engine.touch()
          emulator().faults.clear(callFaults)
          back(answer)
        })
      })

      /** The way back: nothing of it reaches an instance that has died, or waits no longer. */
      function back(answer: InjectedAnswer): void {
        if (title === 'POST close' && answer.body.includes('ORDERPAID')) met('close-but-paid')
        if (isCutOff(lane.name) || faults.happens('answer-lost', place)) return
        if (faults.happens('answer-reset', place)) {
          offLimit()
          fail('reset', delay(place), new NetworkFailure('lost', 'socket hang up'))
          return
        }
        const bytes = Buffer.from(answer.body)
        // What is not signed is guarded by TLS, which this network does not have.
        const isGuarded = !/bill|download|\/qfpay\//.test(pathname)
        if (bytes.length > 0 && isGuarded && faults.happens('answer-corrupted', place)) {
          const at = Math.floor(draw('network', `corrupt ${place}`) * bytes.length)
          bytes[at] = (bytes[at] ?? 0) ^ 1
        }
        const arrived = { status: answer.status, headers: answer.headers, body: bytes }
        const arrive = () => {
          offLimit()
          resolve(arrived)
        }
        engine.schedule(`${place}/answered`, delay(place), arrive, { lane })
      }
    })
  }

  function armFor(title: string, place: string): void {
    for (const fault of emulatorFaults)
      if ((faultPaths[fault] ?? /./).test(title) && faults.happens(fault, place)) {
        if (fault === 'early_notify') met('early-notification')
        emulator().arm({ fault, times: 1 })
      }
  }

  /** A notification of the channel to whichever instance stands behind the public address. */
  async function notify(message: OutgoingPost): Promise<{ status: number }> {
    const { pathname } = new URL(message.url)
    const request = { method: 'POST', url: pathname, headers: message.headers, body: message.body }
    if (faults.happens('notify-doubled', pathname)) void deliver(request, message)
    const status = await deliver(request, message)
    if (status === 0) throw new Error('no answer')
    return { status }
  }

  async function deliver(request: InjectedRequest, message: OutgoingPost): Promise<number> {
    const instance = pick('notify')
    const label = `${instance.name}/in/notify`
    const limit = engine.now() + message.timeoutMs
    await engine.wait('emulator/notifies', delay(label))
    if (isCutOff(instance.name) || faults.happens('notify-lost', label)) return until(limit)
    engine.schedule(label, 0, () => {}, { lane: instance.lane() })
    const answer = await within(limit, instance.handle(request))
    if (typeof answer === 'string') return 0
    onNotified(message, answer.status)
    engine.schedule(`${instance.name}/out/notify`, 0, () => {}, { lane: instance.lane() })
    if (faults.happens('notify-lost', `${label}/answer`)) return until(limit)
    await engine.wait('emulator/told', delay(label))
    return engine.now() > limit ? 0 : answer.status
  }

  function within<T>(at: number, work: Promise<T>): Promise<T | 'timeout'> {
    return new Promise((resolve) => {
      const off = engine.schedule('waits', Math.max(0, at - engine.now()), () => resolve('timeout'))
      void work.then((value) => {
        off()
        resolve(value)
      })
    })
  }

  async function until(at: number): Promise<0> {
    await engine.wait('emulator/waits', Math.max(0, at - engine.now()))
    return 0
  }

  function pick(who: string): Instance {
    const all = instances()
    const up = all.filter((one) => one.isUp())
    // A balancer that mostly knows who is up.
    const among = up.length > 0 && draw('network', `balancer ${who}`) < 0.9 ? up : all
    return among[Math.floor(draw('network', `choice ${who}`) * among.length)] as Instance
  }

  /** A request of a merchant's server or a person's phone. */
  async function call(
    who: string,
    request: InjectedRequest,
    timeoutMs = 30_000,
  ): Promise<InjectedAnswer | 'refused' | 'reset' | 'timeout'> {
    const instance = pick(who)
    const limit = engine.now() + timeoutMs
    await engine.wait(`${who}/asks`, delay(who))
    const answer = await within(limit, instance.handle(request))
    await engine.wait(`${who}/hears`, delay(who))
    if (typeof answer !== 'string' && answer.headers['idempotent-replayed'] !== undefined) met('idempotent-replay')
    if (typeof answer !== 'string' && faults.happens('client-cut', who)) return 'reset'
    return answer
  }
}

/** A call's kind, without its numbers, whichever channel it goes to. */
export function titleOf(method: string, path: string, search = ''): string {
  if (path.startsWith('/alipay/')) return titles[new URLSearchParams(search).get('method') ?? ''] ?? `${method} ${path}`
  if (/^\/v3\/pay\/(partner\/)?transactions\/(jsapi|native|h5|app)$/.test(path)) return 'POST prepay'
  if (/^\/v3\/pay\/.*\/close$/.test(path)) return 'POST close'
  if (path.startsWith('/v3/pay/')) return 'GET query'
  if (path.endsWith('/apply-abnormal-refund')) return 'POST repair'
  if (path.startsWith('/v3/refund/')) return method === 'POST' ? 'POST refund' : 'GET refund'
  if (path.startsWith('/v3/bill')) return 'GET bill'
  return titles[path] ?? `${method} ${path}`
}

const titles: Readonly<Record<string, string>> = {
  '/pay/unifiedorder': 'POST prepay',
  '/pay/orderquery': 'GET query',
  '/pay/closeorder': 'POST close',
  '/secapi/pay/refund': 'POST refund',
  '/pay/refundquery': 'GET refund',
  '/pay/downloadbill': 'GET bill',
  '/pay/downloadfundflow': 'GET bill',
  '/qfpay/trade/v1/payment': 'POST prepay',
  '/qfpay/trade/v1/query': 'GET query',
  '/qfpay/trade/v1/close': 'POST close',
  '/qfpay/trade/v1/reversal': 'POST close',
  '/qfpay/trade/v1/refund': 'POST refund',
  'alipay.trade.precreate': 'POST prepay',
  'alipay.trade.create': 'POST prepay',
  'alipay.trade.query': 'GET query',
  'alipay.trade.close': 'POST close',
  'alipay.trade.refund': 'POST refund',
  'alipay.trade.fastpay.refund.query': 'GET refund',
  'alipay.data.dataservice.bill.downloadurl.query': 'GET bill',
}
