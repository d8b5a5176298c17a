import { inspect } from 'node:util'
import type { AccountSource } from '../../server/channels/channel.ts'
import { channelRegistry } from '../../server/channels/registry.ts'
import { readConfig } from '../../server/config/config.ts'
import { hasOpenRepairs } from '../../server/core/rules/reconciliation.ts'
import { type EmulatorCredentials, makeCredentials } from '../../server/emulator/credentials.ts'
import { type Emulator, makeEmulator } from '../../server/emulator/emulator.ts'
import { type EmulatorRuntime, makeEmulatorRuntime, type RsaPair } from '../../server/emulator/runtime.ts'
import type { LogRecord } from '../../server/lib/log.ts'
import { defaultMerchant } from '../../shared/kernel/ids.ts'
import { asInstant, chinaDay } from '../../shared/kernel/time.ts'
import { makeStore } from './database.ts'
import { makeDisasters } from './disasters.ts'
import { type Lane, makeEngine, Violation } from './engine.ts'
import { forbidEscapes } from './escape.ts'
import { makeFaults } from './faults.ts'
import { makeInstance } from './instance.ts'
import { askedIn, makeLedger } from './ledger.ts'
import { makeNetwork, type Sent } from './network.ts'
import { makePeople } from './people.ts'
import type { Plan, SimulatedChannel } from './plan.ts'
import { assertAlarms, assertNothingHangs, assertQuiet, assertRepeatable } from './quiet.ts'
import { makeBytes, makeDraws } from './random.ts'
import { copyTemplate } from './template.ts'
import { merchantKeys, type Told } from './told.ts'
import { makeTruth } from './truth.ts'

/** On this machine, so that v2 asks for no certificate: there is no TLS here that could show one. */
const origin = 'http://127.0.0.1:8081'
/** Noon of a Friday in China. */
export const beginning = Date.UTC(2026, 0, 2, 4)
const maxSteps = 400_000
const quietWithinMs = 5 * 24 * 60 * 60 * 1000
const lookEvery = 40
const napMs = 1000

export type Outcome = {
  readonly seed: number
  readonly violation: { readonly invariant: string; readonly message: string; readonly at: number; readonly step: number } | undefined
  readonly hash: number
  readonly steps: number
  readonly days: number
  readonly orders: number
  readonly paid: number
  readonly fired: readonly string[]
  readonly met: Readonly<Record<string, number>>
  readonly trace: readonly string[]
}

/** Keys are made once in a process: making them costs more than a whole run. */
let keyring: Promise<{ credentials: EmulatorCredentials; spare: RsaPair[] }> | undefined

async function makeKeyring() {
  const runtime = { ...makeEmulatorRuntime(), now: () => beginning, randomBytes: makeBytes('keyring') }
  const [credentials, ...spare] = await Promise.all([makeCredentials(runtime), ...Array.from({ length: 3 }, () => runtime.makeRsaPair())])
  return { credentials, spare }
}

/** Runs a plan: the same plan on the same code gives the same run. */
export async function runPlan(
  plan: Plan,
  { isTraced = false, until }: { isTraced?: boolean; until?: number | undefined } = {},
): Promise<Outcome> {
  keyring ??= makeKeyring()
  const keys = await keyring
  await copyTemplate.ready()
  const restore = forbidEscapes()
  const world = await makeWorld(plan, keys, isTraced)
  try {
    await world.run(until)
  } finally {
    restore()
  }
  const outcome = world.outcome()
  world.store.close()
  return outcome
}

export type World = Awaited<ReturnType<typeof makeWorld>>

async function makeWorld(plan: Plan, { credentials, spare }: Awaited<ReturnType<typeof makeKeyring>>, isTraced: boolean) {
  const draw = makeDraws(plan.seed)
  const trace: string[] = []
  const met: Record<string, number> = {}
  const meet = (what: string) => {
    met[what] = (met[what] ?? 0) + 1
  }
  const engine = makeEngine({
    start: beginning,
    tieOf: (label) => draw('tie', label),
    onTrace: isTraced ? (line) => void trace.push(line) : undefined,
  })
  const calmAt = beginning + plan.calmAt
  const lastActionAt = beginning + (plan.actions.at(-1)?.at ?? 0)
  const faults = makeFaults({ ...plan, calmAt }, draw, engine.now)
  const logged: LogRecord[] = []
  const prepays = new Map<string, string>()
  const acknowledged: string[] = []
  let violation: Outcome['violation']
  let broken: unknown
  const ledger = makeLedger(() => emulator, plan.settings.channel ?? 'v3')
  const truth = makeTruth({
    raw: () => store.raw(),
    emulator: () => emulator,
    ledger,
    settings: plan.settings,
    onEmpty: () => copyTemplate.merchants(store.raw()),
    schemaVersion: copyTemplate.version(),
    met: meet,
  })
  const store = makeStore({ engine, draw, faults, settings: plan.settings, onCommit: () => guard(truth.afterCommit), met: meet })
  if (!plan.settings.startsEmpty) copyTemplate.into(store.raw())
  let spareUsed = 0
  const emulator: Emulator = await makeEmulator({ runtime: emulatorRuntime(), origin, credentials })
  const config = readConfig<AccountSource>(environment(), channelRegistry)
  const instances = plan.settings.skews.map((skewMs, nth) =>
    makeInstance({
      name: `inst${nth + 1}`,
      seed: plan.seed,
      engine,
      store,
      config,
      skewMs,
      fetch: (lane, request) => network.upstream(lane, request),
      onLog: (record) => void logged.push(record),
      count: (name, labels, by) => counted(name, labels, by),
    }),
  )
  const network = makeNetwork({
    engine,
    draw,
    faults,
    emulator: () => emulator,
    instances: () => instances,
    onUpstream,
    onNotified,
    met: meet,
  })
  const people = makePeople({
    plan: { ...plan, calmAt },
    engine,
    network,
    emulator: () => emulator,
    ledger,
    faults,
    draw,
    numbersOf,
    onTold: (who, told) => guard(() => heard(who, told)),
    met: meet,
  })
  const world = {
    plan,
    engine,
    store,
    truth,
    emulator,
    ledger,
    instances,
    people,
    logged,
    acknowledged,
    credentials,
    calmAt,
    met,
    meet,
    faults,
  }
  const disasters = makeDisasters({ ...world, draw, network })
  return { ...world, run, outcome }

  function environment(): Record<string, string> {
    const { WECHAT_PUBLIC_KEY_ID, WECHAT_PUBLIC_KEY, ...rest } = { ...emulator.environment(), ...modeOf(plan.settings.channel) }
    return {
      ...rest,
      ...(plan.settings.publicKey ? { WECHAT_PUBLIC_KEY_ID: WECHAT_PUBLIC_KEY_ID ?? '', WECHAT_PUBLIC_KEY: WECHAT_PUBLIC_KEY ?? '' } : {}),
      PUBLIC_URL: 'https://shop.test',
      SESSION_SECRET: 'canary-session-secret-for-simulation',
      MASTER_KEY: 'canary-master-key-for-the-simulation',
      BOOTSTRAP_API_KEY: merchantKeys[0],
      LATE_PAYMENT: plan.settings.latePayment,
      DATABASE_URL: 'sqlite::memory:',
    }
  }

  function modeOf(channel: SimulatedChannel = 'v3'): Record<string, string> {
    return channel === 'v2' || channel === 'partner' || channel === 'partner-v2' ? emulator.environmentFor(channel) : {}
  }

  function emulatorRuntime(): EmulatorRuntime {
    const real = makeEmulatorRuntime()
    return {
      now: engine.now,
      setTimer: (ms, run) => engine.schedule('emulator/timer', ms, run),
      randomBytes: makeBytes(`${plan.seed} emulator`),
      signRsaSha256: async (key, bytes) => copyTemplate.sign(key, bytes),
      makeRsaPair: async () => spare[spareUsed++ % spare.length] ?? real.makeRsaPair(),
      post: (message) => network.notify(message),
    }
  }

  /** Whatever is thrown while a rule is looked at ends the run. */
  function guard(look: () => void): void {
    try {
      look()
    } catch (error) {
      if (error instanceof Violation)
        violation ??= { invariant: error.invariant, message: error.message, at: engine.now(), step: engine.steps() }
      else broken ??= error
    }
  }

  /** Under which numbers an order can be paid, oldest first. */
  function numbersOf(orderId: string): string[] {
    return truth
      .rows('select out_trade_no from attempts where order_id = ? order by created_at, payment_id', orderId)
      .map((row) => String(row.out_trade_no))
  }

  function onUpstream({ title, body, search, from, arrives }: Sent): void {
    engine.note(`${from} sends ${title} ${arrives ? '' : '(lost)'}`)
    const asked = askedIn(title, body, search)
    if (!asked) return
    const { number, content } = asked
    guard(() => {
      const before = prepays.get(`${title} ${number}`)
      if (before !== undefined && before !== content)
        throw new Violation('I12', `${number} was sent with other parameters: ${before} then ${content}`)
      prepays.set(`${title} ${number}`, content)
      const isWritten =
        title === 'POST prepay'
          ? truth.row('select 1 from attempts where out_trade_no = ?', number)
          : truth.row('select 1 from refunds where out_refund_no = ?', number)
      if (!isWritten) throw new Violation('I12', `${number} was sent before it was written`)
    })
  }

  function onNotified({ body }: { readonly body: Uint8Array }, status: number): void {
    if (status < 200 || status > 299) return
    const text = Buffer.from(body).toString()
    // Only v3 gives its notifications a name.
    const id: unknown = text.startsWith('{') && ledger.name === 'wechat' ? JSON.parse(text).id : undefined
    if (typeof id === 'string') acknowledged.push(id)
  }

  /** Whoever is told that something is paid is told the truth (I14), and no more than the truth (I15). */
  function heard(who: string, { status, data, text }: Told): void {
    const isOrder = typeof data?.orderId === 'string' && typeof data?.status === 'string' && data?.attempts !== undefined
    if (isOrder && data.status === 'succeeded') {
      const kept = truth.row('select status from orders where order_id = ?', data.orderId)
      if (kept?.status !== 'succeeded') throw new Violation('I14', `${who} was told ${data.orderId} succeeded; it is ${kept?.status}`)
    }
    if (isOrder && data.amountMinor !== Math.round(Number(data.amount) * 100))
      throw new Violation('I17', `${who}: ${data.amount} is not ${data.amountMinor}`)
    for (const { unmatchedId } of who.includes('/unmatched') && Array.isArray(data?.items) ? data.items : [])
      if (truth.row('select 1 from unmatched where unmatched_id = ? and merchant_id = ?', unmatchedId, merchantOf(who)) === undefined)
        throw new Violation('I16', `${who} was shown ${unmatchedId}, which is not of ${merchantOf(who)}`)
    if (status >= 500) meet(`answer-${status}`)
    for (const secret of secrets()) if (text.includes(secret)) throw new Violation('I15', `${who} was told a secret`)
  }

  function merchantOf(who: string): string {
    return who.startsWith('staff1') ? 'mer_other' : defaultMerchant
  }

  function secrets(): string[] {
    const { apiV3Key, apiKey, apps } = emulator.credentials()
    const { QFPAY_CLIENT_KEY = 'none' } = emulator.environment()
    return [apiV3Key, apiKey, QFPAY_CLIENT_KEY, ...apps.map((app) => app.secret), 'canary-', 'PRIVATE KEY']
  }

  function counted(name: string, labels: Readonly<Record<string, string>>, by: number): void {
    if (by === 0) return
    if (name === 'dbRetries') meet('transaction-retried')
    if (name === 'dbCommitUnknown') meet('commit-unknown')
    if (name === 'duplicatePayments') meet('duplicate-payment')
    if (name === 'latePayments') meet('late-payment')
    if (name === 'taskLeasesLost') meet('sleeper-refused')
    if (name === 'notifications') meet(`notification-${labels.outcome}`)
    if (name === 'channelCalls' && labels.outcome !== 'ok') meet(`call-${labels.outcome}`)
  }

  async function run(until?: number): Promise<void> {
    engine.setNaps(napUntil)
    engine.watch(disasters.crashAt)
    if (!plan.settings.startsEmpty) truth.watch()
    for (const instance of instances) void instance.start()
    for (const action of plan.actions) engine.schedule(`do/${action.do}`, action.at, () => void people.act(action).catch(broke))
    for (const chaos of plan.chaos) engine.schedule(`chaos/${chaos.do}`, chaos.at, () => void disasters.wreak(chaos).catch(broke))
    if (plan.settings.profile === 'lost')
      engine.schedule('chaos/lose', plan.calmAt * (0.2 + 0.6 * draw('lose', 'when')), disasters.loseCommits)
    engine.schedule('calm', plan.calmAt, () => void disasters.calm().catch(broke))
    await loop(isQuiet, until)
    if (violation || broken !== undefined) return
    await assertNothingHangs(world).catch(broke)
    await assertAlarms(world, napUntil).catch(broke)
    guard(() => assertQuiet(world))
    if (violation) return
    await assertRepeatable(world, () => loop(isQuiet)).catch(broke)
    guard(assertNoSecretLogged)
  }

  function broke(error: unknown): void {
    guard(() => {
      throw error
    })
  }

  async function loop(isOver: () => boolean, until = maxSteps): Promise<void> {
    const limit = Math.max(calmAt, lastActionAt, engine.now()) + quietWithinMs
    for (let step = 1; !violation && broken === undefined; step++) {
      if (!(await engine.step())) return
      guard(store.assertNoWaiting)
      if (engine.steps() >= until) return
      if (step % lookEvery === 0 && engine.now() > calmAt && isOver()) return
      if (engine.now() > limit || step > maxSteps)
        return guard(() => {
          throw new Violation(
            'I13',
            `not quiet ${step > maxSteps ? `after ${maxSteps} steps` : 'five days after everything calmed down'}: ${unquiet()}`,
          )
        })
    }
  }

  /** A nap lasts until a task could be due, or anything else happens. */
  function napUntil(at: number, nextOther: number, lane: Lane | undefined): number {
    if (store.isHeld()) return at
    const due = nextDue() - (instances.find((one) => one.lane() === lane)?.skew() ?? 0)
    const target = Math.min(due, nextOther)
    if (!Number.isFinite(target)) return at
    return target <= at ? at : at + Math.ceil((target - at) / napMs) * napMs
  }

  function nextDue(): number {
    try {
      const soonest = truth.row('select min(max(run_at, lease_until)) as at from tasks')?.at
      return typeof soonest === 'number' ? soonest : Number.POSITIVE_INFINITY
    } catch {
      return 0
    }
  }

  function isQuiet(): boolean {
    return unquiet() === ''
  }

  /** What is still going on. */
  function unquiet(): string {
    if (people.isBusy()) return 'people are busy'
    if (engine.now() < Math.max(calmAt, lastActionAt) + 300_000) return 'not calm for long'
    const { notification } = emulator.state()
    for (const one of notification.values())
      if (one.state === 'waiting') return `notification ${one.event} ${one.outTradeNo} ${one.outRefundNo ?? ''} is not taken`
    for (const one of ledger.refunds()) if (one.state === 'PROCESSING') return `refund ${one.outRefundNo} is processing there`
    const task = openTasks()[0]
    if (!task && !isReconciled()) return 'the last days are not reconciled yet'
    return task ? `task ${task.kind} ${task.subject} is open` : ''
  }

  /** Every day on which something happened was compared with its bill. */
  function isReconciled(): boolean {
    const last = Math.max(0, ...ledger.payments().map((one) => one.paidAt ?? 0), ...ledger.refunds().map((one) => one.createdAt))
    const newest = truth.row('select max(day) as day from reconciliations where channel = ?', ledger.name)?.day
    if (last === 0) return true
    // What was in the way on one morning is tried again on the next.
    const isOpen = truth.rows('select report from reconciliations').some((row) => hasOpenRepairs(JSON.parse(String(row.report))))
    const until = chinaDay(asInstant(isOpen ? last + 24 * 60 * 60 * 1000 : last))
    return typeof newest === 'string' && newest >= until
  }

  function openTasks() {
    return truth.rows(`select kind, subject from tasks where kind not in ('keys.refresh', 'store.sweep', 'bill.reconcile')
      and subject not in (select order_id from unmatched where reason = 'mismatch' and status is null and order_id is not null)
      and subject not in (select payment_id from attempts where order_id in (select order_id from unmatched where reason = 'mismatch' and status is null and order_id is not null))`)
  }

  function assertNoSecretLogged(): void {
    const lines = logged.map((record) => inspect(record, { depth: 6, breakLength: Number.POSITIVE_INFINITY }))
    for (const secret of secrets())
      for (const line of lines) if (line.includes(secret)) throw new Violation('I15', `a log line holds a secret: ${line.slice(0, 200)}`)
  }

  function outcome(): Outcome {
    if (broken !== undefined) throw broken
    return {
      seed: plan.seed,
      violation,
      hash: engine.hash(),
      steps: engine.steps(),
      days: (engine.now() - beginning) / 86_400_000,
      orders: plan.orders.length,
      paid: ledger.payments().filter((one) => one.transactionId !== undefined).length,
      fired: faults.fired,
      met,
      trace,
    }
  }
}
