import type { KeyObject } from 'node:crypto'
import { sign } from 'node:crypto'
import { Readable } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import { makeApp } from '../../server/app.ts'
import type { AccountSource } from '../../server/channels/channel.ts'
import type { Config } from '../../server/config/config.ts'
import type { Log, LogRecord } from '../../server/lib/log.ts'
import type { PromMetrics } from '../../server/lib/prom-metrics.ts'
import type { OutgoingRequest, Runtime } from '../../server/lib/runtime.ts'
import { asInstant } from '../../shared/kernel/time.ts'
import type { SimulatedStore } from './database.ts'
import type { Engine, Lane } from './engine.ts'
import { type InjectedAnswer, type InjectedRequest, inject } from './inject.ts'
import { makeBytes } from './random.ts'

const drainMs = 10_000
/** How long the loops of tasks sleep, and the one that looks after accounts. */
const napsMs: readonly number[] = [1000, 5000]

export type Cut = 'refused' | 'reset'
export type Instance = ReturnType<typeof makeInstance>

type Outside = {
  readonly name: string
  readonly seed: number
  readonly engine: Engine
  readonly store: SimulatedStore
  readonly config: Config<AccountSource>
  readonly skewMs: number
  readonly fetch: (lane: Lane, request: OutgoingRequest) => ReturnType<Runtime['fetch']>
  readonly onLog: (record: LogRecord) => void
  readonly count: (name: string, labels: Readonly<Record<string, string>>, by: number) => void
}

/** A server of the product as shipped, on the simulated store, network and clock. It can be killed, paused and stopped. */
export function makeInstance({ name, seed, engine, store, config, skewMs, fetch, onLog, count }: Outside) {
  let life = 0
  let skew = skewMs
  let lane: Lane = { name, isDead: true, pausedUntil: 0 }
  let app: Awaited<ReturnType<typeof makeApp>> | undefined
  const alarms = new Map<string, number>()
  const unlisted = new Set<unknown>()
  const open = new Map<(cut: Cut) => void, Lane>()
  return {
    name,
    start,
    kill,
    stop,
    pause,
    handle,
    isUp: () => app !== undefined,
    lane: () => lane,
    followed,
    jump,
    rightClock,
    skew: () => skew,
  }

  /** Composes a new server; until that is done it refuses connections. */
  async function start(): Promise<void> {
    life++
    const mine: Lane = { name, isDead: false, pausedUntil: 0 }
    lane = mine
    unlisted.clear()
    await engine.wait(`${name}/start`, 1, { lane: mine })
    const dialect = store.dialectFor(mine)
    try {
      const made = await makeApp({
        config,
        sources: config.accounts,
        runtime: runtimeOf(mine, life),
        log: recorder(),
        metrics: metricsOf(),
        dialect,
      })
      await made.start()
      if (!mine.isDead) app = made
    } catch (error) {
      onLog({ event: 'start.failed', error })
      // As a supervisor does: again in a moment.
      engine.schedule(`${name}/supervisor`, 1000, () => void start().catch(() => {}), { lane: mine })
    }
  }

  function runtimeOf(mine: Lane, of: number): Runtime {
    const bytes = makeBytes(`${seed} ids ${name} ${of}`)
    return {
      now: () => asInstant(engine.now() + skew),
      sleep: (ms, signal) => sleep(mine, ms, signal),
      deadline: (ms) => deadline(mine, ms),
      randomBytes: bytes,
      fetch: (request) => fetch(mine, request),
      download: async (request) => {
        const { status, headers, body } = await fetch(mine, request)
        return { status, headers, chunks: Readable.from([body]) }
      },
      gunzip: async function* (chunks) {
        const all: Uint8Array[] = []
        for await (const chunk of chunks) all.push(chunk)
        yield gunzipSync(Buffer.concat(all))
      },
      signRsaSha256: async (key: KeyObject, message: Uint8Array) => {
        await engine.wait(`${name}/sign`, 1, { lane: mine })
        return sign('sha256', message, key)
      },
    }
  }

  function sleep(mine: Lane, ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const isNap = napsMs.includes(ms) && signal !== undefined
      const label = `${name}/${isNap ? 'nap' : 'sleep'}`
      const off = engine.schedule(label, ms, done, { lane: mine, isNap })
      signal?.addEventListener('abort', wake, { once: true })
      function wake(): void {
        off()
        engine.schedule(`${name}/wake`, 0, resolve, { lane: mine })
      }
      function done(): void {
        signal?.removeEventListener('abort', wake)
        resolve()
      }
    })
  }

  function deadline(mine: Lane, ms: number): { signal: AbortSignal; clear(): void } {
    const controller = new AbortController()
    const clear = engine.schedule(`${name}/deadline`, ms, () => controller.abort(), { lane: mine })
    return { signal: controller.signal, clear }
  }

  /** Answers as a connection would: with the answer, refused at once, or cut in the middle. */
  function handle(request: InjectedRequest): Promise<InjectedAnswer | Cut> {
    const current = app
    const mine = lane
    if (!current || mine.isDead) return Promise.resolve('refused')
    return new Promise((resolve) => {
      open.set(resolve, mine)
      inject(current.callback(), request, (answer) => {
        open.delete(resolve)
        if (!mine.isDead) resolve(answer)
      })
    })
  }

  /** kill -9: what it waited for never comes, what it had open is undone, who waited for it is cut off. */
  function kill(): void {
    lane.isDead = true
    app = undefined
    store.release(lane)
    const cut = [...open.keys()]
    open.clear()
    for (const one of cut) one('reset')
  }

  /** SIGTERM: takes nothing new, finishes what is in flight, ends. */
  async function stop(): Promise<void> {
    const ending = app
    const mine = lane
    if (!ending || mine.isDead) return
    app = undefined
    for (const end = engine.now() + drainMs; open.size > 0 && engine.now() < end; )
      await engine.wait(`${name}/draining`, 100, { lane: mine })
    const limit = engine.wait(`${name}/drain-limit`, drainMs, { lane: mine })
    await Promise.race([ending.drain().catch(() => {}), limit])
    if (lane === mine) kill()
  }

  function pause(ms: number): void {
    lane.pausedUntil = engine.now() + ms
  }

  function jump(ms: number): void {
    skew += ms
  }

  function rightClock(): void {
    skew = 0
  }

  function recorder(): Log {
    return { debug: onLog, info: onLog, warn: heard, error: onLog, child: () => recorder() }
  }

  /** Whether an alarm stands that follows a list; undefined when it was raised for something else, too. */
  function followed(kind: string): boolean | undefined {
    return unlisted.has(kind) ? undefined : alarms.get(kind) === 1
  }

  /** An alarm about a refund is of no list: it stands until the next start. */
  function heard(record: LogRecord): void {
    if (record.event === 'alarm' && record.outRefundNo !== undefined) unlisted.add(record.alarm)
    onLog(record)
  }

  function metricsOf(): PromMetrics {
    const counter = (what: string) => ({ count: (labels: Readonly<Record<string, string>>, by = 1) => count(what, labels, by) })
    const gauge = () => ({ set: () => {} })
    const histogram = () => ({ observe: () => {}, declare: () => {} })
    return {
      notifications: counter('notifications'),
      channelCalls: counter('channelCalls'),
      dbRetries: counter('dbRetries'),
      dbCommitUnknown: counter('dbCommitUnknown'),
      taskLeasesLost: counter('taskLeasesLost'),
      duplicatePayments: counter('duplicatePayments'),
      latePayments: counter('latePayments'),
      httpRequests: counter('httpRequests'),
      payments: counter('payments'),
      paymentSeconds: histogram(),
      paidMinor: counter('paidMinor'),
      orders: counter('orders'),
      refunds: counter('refunds'),
      refundMinor: counter('refundMinor'),
      channelCallSeconds: histogram(),
      webhookDeliveries: counter('webhookDeliveries'),
      webhookPending: gauge(),
      webhookOldest: gauge(),
      httpSeconds: histogram(),
      rateLimited: counter('rateLimited'),
      certificateEnds: gauge(),
      tasksDue: gauge(),
      dbConnections: gauge(),
      build: gauge(),
      onRead: () => {},
      authFailures: counter('authFailures'),
      alarms: { set: ({ kind }, value) => void alarms.set(kind, value) },
      taskOldestDue: gauge(),
      text: async () => '',
    }
  }
}
