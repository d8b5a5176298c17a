import { type Chance, makeChance } from './random.ts'

/** What can go wrong by chance, message by message and statement by statement. */
export const faultKinds = [
  'slow',
  'request-lost',
  'answer-lost',
  'answer-reset',
  'answer-corrupted',
  'not-sent',
  'notify-lost',
  'notify-doubled',
  'client-cut',
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
  'drop_notify',
  'duplicate_notify',
  'late_notify',
  'reorder_notify',
  'truncate_notify',
  'forge_notify',
  'stale_notify',
  'probe_notify',
  'undecryptable_notify',
  'wrong_amount',
  'wrong_app',
  'unknown_order',
  'db-fails',
  'commit-undone',
  'commit-lost-landed',
  'commit-lost-undone',
] as const
export type FaultKind = (typeof faultKinds)[number]

export const simulatedChannels = ['v3', 'v2', 'partner', 'partner-v2', 'qfpay', 'alipay'] as const
export type SimulatedChannel = (typeof simulatedChannels)[number]

export type Settings = {
  readonly instances: number
  readonly latePayment: 'refund' | 'accept'
  /** In whose words the database fails. */
  readonly errors: 'mysql' | 'sqlite'
  /** How far each instance's clock is off, ms. */
  readonly skews: readonly number[]
  readonly profile: 'plain' | 'stale' | 'lost'
  /** The schema is made by the instances themselves. */
  readonly startsEmpty: boolean
  readonly publicKey: boolean
  /** Through which channel, version and mode everybody pays; v3 in plans from before there were others. */
  readonly channel?: SimulatedChannel
}

export type PlannedOrder = {
  readonly n: number
  readonly kind: 'merchant' | 'cart'
  readonly merchant: 0 | 1
  readonly amount: number
  readonly person: 'alice' | 'bob' | 'carol'
  readonly expiresIn: number
}

export const actionKinds = [
  'create',
  'createOther',
  'pay',
  'payOther',
  'phone',
  'phoneForced',
  'phoneFails',
  'phoneTypes',
  'cancel',
  'check',
  'read',
  'peek',
  'refund',
  'refundTwice',
  'refundTooMuch',
  'refundOutside',
  'stream',
  'phoneOdd',
  'phoneElsewhere',
  'staffRefund',
  'staffAssign',
  'staffNote',
  'staffTwice',
] as const
export type Action = {
  readonly at: number
  readonly order: number
  readonly do: (typeof actionKinds)[number]
  /** What an action still leaves open: which attempt, what share, which means. */
  readonly pick: number
  /** Tells two of a kind apart, and names their idempotency keys. */
  readonly id: number
}

export type Chaos =
  | { readonly at: number; readonly do: 'crash' | 'pause' | 'stop' | 'partition' | 'jump'; readonly instance: number; readonly ms: number }
  | { readonly at: number; readonly do: 'rotate'; readonly instance: 0; readonly ms: 0 }
/** kill -9 when a label of an instance has come up so often. */
export type CrashPoint = { readonly instance: number; readonly label: string; readonly nth: number; readonly downMs: number }

export type Plan = {
  readonly seed: number
  readonly settings: Settings
  readonly orders: readonly PlannedOrder[]
  readonly actions: readonly Action[]
  readonly chaos: readonly Chaos[]
  readonly crashPoints: readonly CrashPoint[]
  /** By rate, or the very ones, as `kind|label|nth`. */
  readonly faults: { readonly rates: Readonly<Partial<Record<FaultKind, number>>> } | { readonly only: readonly string[] }
  /** From then on nothing goes wrong any more. */
  readonly calmAt: number
}

const minute = 60_000
const hour = 60 * minute
const payTypes = 4

/** Where a crash is tried: the points of the money path. */
const crashLabels = [
  'db/commit',
  'db/committed',
  'db/insert orders',
  'db/insert attempts',
  'db/update attempts',
  'db/update orders',
  'db/update tasks',
  'db/delete tasks',
  'db/insert inbox',
  'db/insert events',
  'db/insert refunds',
  'db/update refunds',
  'net/POST prepay/sent',
  'net/POST prepay/answered',
  'net/POST refund/sent',
  'net/POST refund/answered',
  'net/POST close/answered',
  'net/GET query/answered',
  'net/GET refund/answered',
  'in/notify',
  'out/notify',
  'start',
]

/** The same seed gives the same plan. */
export function makePlan(seed: number): Plan {
  const chance = makeChance(`plan ${seed}`)
  const isCalm = chance.isTrue(0.1)
  const calmAt = Math.round(isCalm ? 2 * hour : chance.logarithmic(10 * minute, 60 * hour))
  const settings = makeSettings(chance, isCalm)
  const orders = Array.from({ length: Math.round(chance.logarithmic(1, 25)) }, (_, n) => makeOrder(chance, n, settings))
  const stories = orders.flatMap((order) => story(chance, order, calmAt))
  // Drawn apart: what was there before is as it was.
  const oddities = makeOddities(makeChance(`odd ${seed}`), stories, calmAt)
  const actions = [...stories, ...oddities].map((action, id) => ({ ...action, id }))
  return {
    seed,
    settings,
    orders,
    actions: actions.sort((one, other) => one.at - other.at),
    chaos: isCalm ? [] : makeChaos(chance, settings, calmAt),
    crashPoints: isCalm || chance.isTrue(0.3) ? [] : makeCrashPoints(chance, settings),
    faults: { rates: isCalm ? {} : makeRates(chance) },
    calmAt,
  }
}

function makeSettings(chance: Chance, isCalm: boolean): Settings {
  const instances = isCalm ? 1 : chance.between(1, 3)
  return {
    instances,
    latePayment: chance.isTrue(0.3) ? 'accept' : 'refund',
    errors: chance.isTrue(0.5) ? 'mysql' : 'sqlite',
    skews: Array.from({ length: instances }, () => (isCalm ? 0 : chance.between(-200_000, 200_000))),
    profile: isCalm
      ? 'plain'
      : chance.oneOf(['plain', 'plain', 'plain', 'plain', 'plain', 'plain', 'plain', 'plain', 'stale', 'lost'] as const),
    startsEmpty: chance.isTrue(0.05),
    publicKey: chance.isTrue(0.5),
    channel: chance.isTrue(0.5) ? 'v3' : chance.oneOf(simulatedChannels),
  }
}

function makeOrder(chance: Chance, n: number, { channel }: Settings): PlannedOrder {
  // The mini-program's shop sells in yuan, and to whoever is in WeChat.
  const isCart = chance.isTrue(0.3) && channel !== 'qfpay' && channel !== 'alipay'
  return {
    n,
    kind: isCart ? 'cart' : 'merchant',
    merchant: chance.isTrue(0.2) ? 1 : 0,
    amount: Math.round(chance.logarithmic(1, 1_000_000)),
    person: chance.oneOf(['alice', 'bob', 'carol'] as const),
    expiresIn: chance.oneOf([120, 300, 1800, 1800, 7200]),
  }
}

type Planned = Omit<Action, 'id'>

/** What people do with one order. */
function story(chance: Chance, { n, expiresIn }: PlannedOrder, calmAt: number): Planned[] {
  const born = Math.round(chance.next() * calmAt * 0.8)
  const actions: Planned[] = []
  const add = (at: number, what: Action['do'], pick = chance.next()) => void actions.push({ at: Math.round(at), order: n, do: what, pick })
  add(born, 'create')
  if (chance.isTrue(0.1)) add(born + chance.between(0, 5000), 'create')
  if (chance.isTrue(0.1)) add(born + chance.between(1000, 5000), 'createOther')
  const first = born + chance.between(100, 60_000)
  const means = chance.next()
  add(first, 'pay', means)
  if (chance.isTrue(0.25)) add(first + chance.between(0, 80), 'pay', means)
  if (chance.isTrue(0.25)) add(first + chance.between(0, 40_000), 'payOther')
  const paysAt = chance.isTrue(0.15) ? born + expiresIn * 1000 + chance.between(-3000, 3000) : first + chance.between(500, 90_000)
  if (chance.isTrue(0.1)) add(paysAt - 3000, 'phoneTypes')
  if (chance.isTrue(0.1)) add(paysAt - 1000, 'phoneFails')
  if (chance.isTrue(0.85)) add(paysAt, 'phone')
  if (chance.isTrue(0.2)) add(paysAt + chance.between(0, 30_000), 'phone')
  if (chance.isTrue(0.08)) add(paysAt + chance.between(0, 2 * hour), 'phoneForced')
  if (chance.isTrue(0.2)) add(paysAt + chance.between(-3000, 3000), 'cancel')
  for (let more = chance.between(0, 3); more > 0; more--)
    add(first + chance.between(0, 120_000), chance.oneOf(['check', 'read', 'read', 'peek', 'stream'] as const))
  if (chance.isTrue(0.6)) refunds(chance, paysAt, add)
  return actions
}

/** Money that fits nothing, and staff who look for it now and then. */
function makeOddities(chance: Chance, stories: readonly Planned[], calmAt: number): Planned[] {
  const odd: Planned[] = []
  const add = (at: number, order: number, what: Action['do']) => void odd.push({ at: Math.round(at), order, do: what, pick: chance.next() })
  const staff = (at: number, order: number) =>
    add(
      at,
      order,
      chance.oneOf(['staffRefund', 'staffRefund', 'staffAssign', 'staffAssign', 'staffNote', 'staffTwice', 'staffTwice'] as const),
    )
  for (const { at, order, do: what } of stories) {
    // Both ways that somebody began are paid: rare among people, and the reason why surplus money goes back by itself.
    if (what === 'payOther' && chance.isTrue(0.3))
      for (const _ of ['one', 'other']) add(at + chance.logarithmic(30_000, hour), order, 'phoneForced')
    const kind = what === 'phone' ? 'phoneOdd' : what === 'payOther' || what === 'create' ? 'phoneElsewhere' : undefined
    if (kind === undefined || !chance.isTrue(0.07)) continue
    const happens = kind === 'phoneOdd' ? at - 10 : at + Math.round(chance.logarithmic(60_000, 2 * hour))
    add(happens, order, kind)
    for (let more = chance.between(0, 3); more > 0; more--) staff(happens + chance.logarithmic(1000, hour), order)
  }
  for (let more = chance.between(0, 4); more > 0; more--) staff(chance.next() * calmAt, stories[0]?.order ?? 0)
  // Most of it is looked after in the end: an order that is held is tried again for as long as it is.
  for (let more = chance.between(1, 3); more > 0; more--) staff(calmAt + chance.next() * hour, stories[0]?.order ?? 0)
  return odd
}

function refunds(chance: Chance, paysAt: number, add: (at: number, what: Action['do'], pick?: number) => void): void {
  let at = paysAt + Math.round(chance.logarithmic(100, 4 * hour))
  for (let more = chance.between(1, 4); more > 0; more--) {
    add(at, chance.oneOf(['refund', 'refund', 'refundTwice', 'refundTooMuch', 'refundOutside'] as const))
    at += chance.isTrue(0.4) ? chance.between(0, 20) : Math.round(chance.logarithmic(1000, hour))
  }
}

function makeChaos(chance: Chance, { instances }: Settings, calmAt: number): Chaos[] {
  const chaos = Array.from({ length: chance.between(0, 6) }, (): Chaos => {
    const at = Math.round(chance.next() * calmAt)
    const instance = chance.between(0, instances - 1)
    const what = chance.oneOf(['crash', 'pause', 'stop', 'partition', 'jump', 'rotate'] as const)
    if (what === 'rotate') return { at, do: what, instance: 0, ms: 0 }
    const spans = {
      crash: [1, 120_000],
      pause: [1000, 600_000],
      stop: [1, 60_000],
      partition: [60_000, 3 * hour],
      jump: [1000, 2 * hour],
    } as const
    const [low, high] = spans[what]
    const sign = what === 'jump' && chance.isTrue(0.5) ? -1 : 1
    return { at, do: what, instance, ms: sign * Math.round(chance.logarithmic(low, high)) }
  })
  return chaos.sort((one, other) => one.at - other.at)
}

function makeCrashPoints(chance: Chance, { instances }: Settings): CrashPoint[] {
  return Array.from({ length: chance.between(1, 5) }, () => ({
    instance: chance.between(0, instances - 1),
    label: chance.oneOf(crashLabels),
    nth: chance.between(1, 8),
    downMs: Math.round(chance.logarithmic(1, 120_000)),
  }))
}

/** A random half of the kinds, each at a rate of its own: all at once they hide each other. */
function makeRates(chance: Chance): Partial<Record<FaultKind, number>> {
  return Object.fromEntries(faultKinds.filter(() => chance.isTrue(0.5)).map((kind) => [kind, chance.logarithmic(0.003, 0.3)]))
}

/** Which means a number between 0 and 1 stands for. */
export function meansOf(pick: number): 'NATIVE' | 'JSAPI' | 'MWEB' | 'MINIPROGRAM' {
  return (['NATIVE', 'MWEB', 'JSAPI', 'MINIPROGRAM'] as const)[Math.floor(pick * payTypes) % payTypes] ?? 'NATIVE'
}
