import { openidOf } from '../../server/emulator/credentials.ts'
import type { Emulator } from '../../server/emulator/emulator.ts'
import { type Engine, Violation } from './engine.ts'
import type { Faults } from './faults.ts'
import type { InjectedAnswer } from './inject.ts'
import type { Ledger, LedgerPayment } from './ledger.ts'
import type { Network } from './network.ts'
import { type Action, type FaultKind, meansOf, type Plan, type PlannedOrder } from './plan.ts'
import type { Draw } from './random.ts'
import { makeStaff } from './staff.ts'
import { type Data, isForGood, merchantKeys, type Told } from './told.ts'

/** What somebody knows of an order he made. */
type Known = PlannedOrder & { orderId?: string; token?: string }

const notifyFaults = [
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
] as const satisfies FaultKind[]
const waitsMs = [1000, 3000, 10_000, 30_000, 60_000, 300_000]
const maxTries = 40
const onTheWayMs = 60_000
/** Keys are kept for a day; near its end, clocks that are off disagree. */
const forgottenAfterMs = 20 * 60 * 60 * 1000

export type People = ReturnType<typeof makePeople>
type Outside = {
  readonly plan: Plan
  readonly engine: Engine
  readonly network: Network
  readonly emulator: () => Emulator
  readonly ledger: Ledger
  readonly faults: Faults
  readonly draw: Draw
  readonly numbersOf: (orderId: string) => string[]
  readonly onTold: (who: string, told: Told) => void
  readonly met: (what: string) => void
}

/** Merchants' servers, payers and an operator: what they do, and what they hear. */
export function makePeople({ plan, engine, network, emulator, ledger, faults, draw, numbersOf, onTold, met }: Outside) {
  const known = new Map<number, Known>(plan.orders.map((order) => [order.n, { ...order }]))
  const answers = new Map<string, Told>()
  const unfinished = new Map<string, () => Promise<void>>()
  let busy = 0
  let forgottenAt = Number.NEGATIVE_INFINITY
  const staff = makeStaff({ engine, draw, send, insist, met })
  return { act, finishAll, isBusy: () => busy > 0, known, answers, settled: staff.settled, forget }

  async function act(action: Action): Promise<void> {
    busy++
    try {
      await perform(action)
    } finally {
      busy--
      engine.touch()
    }
  }

  async function perform(action: Action): Promise<void> {
    const order = known.get(action.order)
    if (!order) return
    switch (action.do) {
      case 'create':
        return create(order)
      case 'createOther':
        return void (await once(order, 'POST', createPath(order), otherContent(order), `make-${order.n}`))
      case 'pay':
        return pay(order, meansOf(action.pick))
      case 'payOther':
        return pay(order, meansOf((action.pick + 0.3) % 1))
      case 'cancel':
        return void (await onOrder(order, 'POST', '/cancel'))
      case 'check':
        return order.kind === 'merchant' ? void (await onOrder(order, 'POST', '/check')) : undefined
      case 'read':
        return void (await onOrder(order, 'GET', ''))
      case 'peek':
        return peek(order)
      case 'stream':
        return void (await onOrder(order, 'GET', ''))
      case 'refund':
      case 'refundTwice':
      case 'refundTooMuch':
        return refunds(order, action)
      case 'staffRefund':
      case 'staffAssign':
      case 'staffNote':
      case 'staffTwice':
        return staff.act(action)
      case 'phoneElsewhere':
        return payElsewhere(order, action)
      default:
        return atThePhone(order, action)
    }
  }

  /** What was not answered for good while things went wrong is asked again, under the same keys. */
  async function finishAll(): Promise<void> {
    const open = [...unfinished.values()]
    unfinished.clear()
    busy++
    for (const ask of open) await ask()
    busy--
    engine.touch()
  }

  async function create(order: Known): Promise<void> {
    const key = `make-${order.n}`
    await insist(key, async () => {
      if (order.kind === 'cart') await login(order)
      const told = await once(order, 'POST', createPath(order), content(order), key)
      // A session lasts two hours.
      if (told?.status === 401) delete order.token
      if (told?.status === 201) order.orderId = told.data.orderId
      return told
    })
  }

  async function login(order: Known): Promise<void> {
    for (let tries = 0; order.token === undefined && tries < 5; tries++) {
      const code = emulator().mintCode({ person: order.person, appid: miniprogramOf() })
      const told = await send(`payer${order.n}`, 'POST', '/cashier/session', { code, app: 'miniprogram' }, {}, '')
      if (told?.status === 200) order.token = told.data.token
      else await engine.wait(`payer${order.n}/waits`, 2000)
    }
  }

  function createPath({ kind }: Known): string {
    return kind === 'cart' ? '/cashier/orders' : '/orders'
  }

  function content(order: Known): object {
    if (order.kind === 'cart') return { items: [{ productId: 'cake', quantity: 1 + (order.amount % 9) }] }
    return {
      subject: `Order ${order.n}`,
      amount: (order.amount / 100).toFixed(2),
      ...(ledger.name === 'qfpay' ? { currency: 'HKD' } : {}),
      expiresIn: order.expiresIn,
      metadata: { n: String(order.n) },
    }
  }

  function otherContent(order: Known): object {
    return order.kind === 'cart' ? { items: [{ productId: 'cup', quantity: 1 }] } : { subject: 'Something else', amount: '1.00' }
  }

  async function pay(order: Known, means: string): Promise<void> {
    const payType = order.kind === 'cart' ? 'MINIPROGRAM' : means
    const openid = openidFor(order, payType)
    const body =
      order.kind === 'cart'
        ? { payType }
        : { channel: ledger.name, payType, ...(openid === undefined ? {} : { openid }), clientIp: '203.0.113.7' }
    for (let tries = 0; tries < 3; tries++) {
      const told = await onOrder(order, 'POST', '/pay', body)
      if (told && told.status < 500 && told.status !== 409 && told.status !== 429) return
      await engine.wait(`payer${order.n}/waits`, 1500)
    }
  }

  function openidFor({ person }: Known, payType: string): string | undefined {
    if (payType !== 'JSAPI' && payType !== 'MINIPROGRAM') return undefined
    if (ledger.name !== 'wechat') return `o-${person}`
    const official = emulator()
      .credentials()
      .apps.find((one) => one.kind === 'official')
    return openidOf(emulator().credentials(), payType === 'JSAPI' ? (official?.appid ?? '') : miniprogramOf(), person)
  }

  /** The mini-program payers are in: a provider's merchant has his own. */
  function miniprogramOf(): string {
    const { apps, sub } = emulator().credentials()
    const own = plan.settings.channel === 'partner' || plan.settings.channel === 'partner-v2' ? sub.apps : apps
    return own.find((one) => one.kind === 'miniprogram')?.appid ?? ''
  }

  /** Another merchant looks at it: for him it is not there. */
  async function peek(order: Known): Promise<void> {
    if (order.orderId === undefined) return
    const stranger = order.kind === 'cart' ? merchantKeys[1] : merchantKeys[order.merchant === 0 ? 1 : 0]
    const told = await send(whoOf(order), 'GET', `/orders/${order.orderId}`, undefined, {}, stranger)
    if (told && told.status < 500 && told.status !== 404)
      throw new Violation('I16', `a stranger got ${told.status} for order ${order.orderId}`)
  }

  async function refunds(order: Known, action: Action): Promise<void> {
    if (order.kind === 'cart' || order.orderId === undefined) return
    const share = action.do === 'refundTooMuch' ? 1 + action.pick : action.pick
    const amount = Math.max(1, Math.round(order.amount * share))
    const ask = (key: string) =>
      insist(key, async () => onOrder(order, 'POST', '/refunds', { amount: (amount / 100).toFixed(2), reason: 'asked for' }, key))
    if (action.do === 'refundTwice') await Promise.all([ask(`refund-${action.id}-a`), ask(`refund-${action.id}-b`)])
    else await ask(`refund-${action.id}`)
  }

  /** Payer's phone, or the merchant's console at the channel. */
  async function atThePhone(order: Known, action: Action): Promise<void> {
    const payment = pickPayment(order, action)
    if (!payment) return
    const { outTradeNo } = payment
    if (action.do === 'phoneOdd' && !isOddNow(payment, action)) return
    armNotify(outTradeNo, action)
    try {
      await emulator().act(outTradeNo, deedOf(action, payment))
      met(`phone-${action.do}`)
      // Nobody types for ever.
      if (action.do === 'phoneTypes') engine.schedule('phone/gives-up', 60_000, () => giveUp(outTradeNo))
    } catch (error) {
      // The phone says no: closed, expired, paid already.
      engine.note(`phone ${action.do} ${outTradeNo}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  /** What is paid is not what was asked for; only WeChat Pay's books are open to us. */
  function isOddNow({ outTradeNo, state, total }: LedgerPayment, { pick }: Action): boolean {
    if (ledger.name !== 'wechat' || state !== 'NOTPAY') return false
    const other = Math.max(1, Math.round(total * (0.5 + pick)))
    const { payments } = emulator()
    payments.put({ ...payments.find(outTradeNo), total: other === total ? total + 1 : other })
    return true
  }

  /** Another installation sells on the same account, with numbers and notifications that end up here; now and then it gives some back. */
  async function payElsewhere(order: Known, action: Action): Promise<void> {
    const payment = pickPayment(order, action)
    if (!payment || ledger.name !== 'wechat') return
    const { payments } = emulator()
    const outTradeNo = `ELSEWHERE-${action.id}`
    const total = Math.max(2, Math.round(payment.total * (0.5 + action.pick)))
    const { transactionId: _, paidAt: __, paidBy: ___, ...asked } = payments.find(payment.outTradeNo)
    payments.put({ ...asked, outTradeNo, total, state: 'NOTPAY' })
    armNotify(outTradeNo, action)
    met('phone-elsewhere')
    await emulator().act(outTradeNo, { do: 'pay', force: true })
    if (draw('people', `${outTradeNo} back`) > 0.3) return
    await engine.wait('elsewhere/waits', 3_600_000 * draw('people', `${outTradeNo} back at`) ** 3)
    const amount = draw('people', `${outTradeNo} all`) < 0.5 ? total : 1
    if (ledger.payment(outTradeNo)?.state === 'SUCCESS') await emulator().act(outTradeNo, { do: 'refund_externally', amount })
  }

  function giveUp(outTradeNo: string): void {
    if (ledger.payment(outTradeNo)?.state === 'USERPAYING') void emulator().act(outTradeNo, { do: 'fail' })
  }

  function deedOf(action: Action, payment: LedgerPayment): Record<string, unknown> {
    switch (action.do) {
      case 'phone':
      case 'phoneOdd':
        return { do: 'pay' }
      case 'phoneForced':
        return { do: 'pay', force: true }
      case 'phoneFails':
        return { do: 'fail' }
      case 'phoneTypes':
        return { do: 'user_paying' }
      default:
        return { do: 'refund_externally', amount: Math.max(1, Math.round(payment.total * action.pick)) }
    }
  }

  function pickPayment(order: Known, { pick }: Action): LedgerPayment | undefined {
    if (order.orderId === undefined) return undefined
    const all = numbersOf(order.orderId)
      .map((number) => ledger.payment(number))
      .filter((payment) => payment !== undefined)
    return all[Math.floor(pick * all.length)]
  }

  function armNotify(outTradeNo: string, action: Action): void {
    for (const fault of notifyFaults) if (faults.happens(fault, action.do)) emulator().arm({ fault, times: 1, match: { outTradeNo } })
  }

  async function onOrder(order: Known, method: string, path: string, body?: object, key?: string): Promise<Told | undefined> {
    if (order.orderId === undefined) return undefined
    const prefix = order.kind === 'cart' ? '/cashier/orders' : '/orders'
    return once(order, method, `${prefix}/${order.orderId}${path}`, body, key)
  }

  async function once(order: Known, method: string, path: string, body: object | undefined, key?: string): Promise<Told | undefined> {
    const token = order.kind === 'cart' ? order.token : merchantKeys[order.merchant]
    if (token === undefined) return undefined
    return send(whoOf(order), method, path, body, key === undefined ? {} : { 'idempotency-key': key }, token)
  }

  function whoOf({ kind, n }: Known): string {
    return `${kind === 'cart' ? 'payer' : 'merchant'}${n}`
  }

  /** The first final answer under a key is the answer for good (I8). */
  function assertSameAnswer(content: string, key: string, told: Told): void {
    // What was on its way when the store forgot is forgotten with it.
    if (!isForGood(told) || told.at - forgottenAt < onTheWayMs) return
    // Payers may be forgotten too; whoever logs in again is somebody else then, with keys of his own.
    if (forgottenAt > 0 && !key.startsWith('sk_')) return
    const owner = answers.get(key)
    if (owner && told.at - owner.at < forgottenAfterMs) {
      if (told.status === 422 && answers.has(content)) throw new Violation('I8', `${content} was answered, and now 422`)
      if (told.status !== 422 && owner.text !== told.text) throw new Violation('I8', `${key} was answered ${owner.text}, now ${told.text}`)
    }
    if (told.status === 422) return
    answers.set(content, told)
    answers.set(key, told)
  }

  /** The store has lost its last commits, and the keys in them. */
  function forget(): void {
    answers.clear()
    staff.forget()
    forgottenAt = engine.now()
  }

  async function send(
    who: string,
    method: string,
    path: string,
    body: object | undefined,
    headers: Record<string, string>,
    token: string,
  ): Promise<Told | undefined> {
    const request = {
      method,
      url: `/api/v1${path}`,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      body: body && Buffer.from(JSON.stringify(body)),
    }
    const answer = await network.call(who, request)
    if (typeof answer === 'string') return undefined
    const told = readAnswer(answer)
    engine.note(`${who} ${method} ${path} ${told.status} ${told.data?.code ?? ''}`)
    onTold(`${who} ${method} ${path}`, told)
    const key = headers['idempotency-key']
    if (key !== undefined)
      assertSameAnswer(`${token.slice(0, 40)} ${key} ${path} ${JSON.stringify(body)}`, `${token.slice(0, 40)} ${key}`, told)
    return told
  }

  function readAnswer({ status, body }: InjectedAnswer): Told {
    const text = body.toString()
    const parsed: Data = text.startsWith('{') ? JSON.parse(text) : {}
    return { status, data: parsed.data ?? parsed, text, at: engine.now() }
  }

  /** Asks until there is an answer for good; half of the people give up while things go wrong, and come back afterwards. */
  async function insist(
    key: string,
    ask: () => Promise<Told | undefined>,
    { isLast = false, isEnough = isForGood }: { isLast?: boolean; isEnough?: (told: Told) => boolean } = {},
  ): Promise<void> {
    const patience = draw('people', key) < 0.5 && !isLast ? 2 : maxTries
    for (let tries = 0; tries < patience; tries++) {
      const told = await ask()
      if (told && isEnough(told)) return
      await engine.wait(`${key}/waits`, waitsMs[Math.min(tries, waitsMs.length - 1)] ?? 1000)
    }
    if (engine.now() < calmAt()) unfinished.set(key, () => insist(key, ask, { isLast: true, isEnough }))
    else if (isLast) throw new Violation('I13', `${key} was asked ${maxTries} times after all was calm, and never answered for good`)
  }

  function calmAt(): number {
    return plan.calmAt
  }
}
