import type { Emulator } from '../../server/emulator/emulator.ts'
import type { SimulatedStore } from './database.ts'
import { type Engine, Violation } from './engine.ts'
import type { Instance } from './instance.ts'
import type { Ledger } from './ledger.ts'
import type { People } from './people.ts'
import type { Plan } from './plan.ts'
import type { Truth } from './truth.ts'

/** An instance looks at the list every five seconds; and some more. */
const followMs = 15_000

/** What the rules look at. */
export type Books = {
  readonly plan: Plan
  readonly engine: Engine
  readonly store: SimulatedStore
  readonly truth: Truth
  readonly emulator: Emulator
  readonly ledger: Ledger
  readonly instances: readonly Instance[]
  readonly people: People
  readonly acknowledged: readonly string[]
}

/** What must hold once everything that could go wrong is over and all has settled. */
export function assertQuiet(world: Books): void {
  for (const payment of world.ledger.payments()) if (payment.transactionId !== undefined) assertNotLost(world, payment.outTradeNo)
  assertClosedThere(world)
  assertBooksEqual(world)
  assertAcknowledged(world)
  assertEnded(world)
  assertTimeline(world)
  assertSettled(world)
}

/** I1. */
function assertNotLost(world: Books, outTradeNo: string): void {
  const { truth, ledger } = world
  const attempt = truth.row('select * from attempts where out_trade_no = ?', outTradeNo)
  if (isLeftToStaff(world, outTradeNo)) return
  if (!attempt) throw new Violation('I1', `payment ${outTradeNo} belongs to no attempt`)
  const order = truth.row('select * from orders where order_id = ?', String(attempt.order_id))
  if (order?.status === 'succeeded' && order.kept_payment_id === attempt.payment_id) return
  const payment = ledger.payment(outTradeNo)
  const back = ledger
    .refunds()
    .filter((one) => one.outTradeNo === outTradeNo && one.state === 'SUCCESS')
    .reduce((sum, one) => sum + one.refund, 0)
  if (back === payment?.total && attempt.status === 'succeeded') return
  // An operator has to act, and is told: the way back is blocked at the channel.
  const blocked = truth.row(
    `select status from refunds where payment_id = ? and cause in ('duplicate', 'late', 'unmatched') and status in ('abnormal', 'closed', 'failed')`,
    String(attempt.payment_id),
  )
  if (blocked) return
  throw new Violation(
    'I1',
    `payment ${outTradeNo} of ${payment?.total} is neither kept nor given back: attempt ${attempt.status}, order ${order?.status}, ${back} back`,
  )
}

function isMismatch({ truth }: Pick<Books, 'truth'>, orderId: string): boolean {
  return truth.row(`select 1 from unmatched where reason = 'mismatch' and status is null and order_id = ?`, orderId) !== undefined
}

/** What came is not what was asked for, and is listed: it waits for staff, or was settled by them outside of the channel. */
function isLeftToStaff({ truth, ledger }: Books, outTradeNo: string): boolean {
  const there = ledger.payment(outTradeNo)
  const attempt = truth.row('select ask from attempts where out_trade_no = ?', outTradeNo)
  if (attempt && JSON.parse(String(attempt.ask)).amount.minor === there?.total) return false
  return (
    truth.row(
      `select 1 from unmatched where out_trade_no = ? and transaction_id = ? and (status is null or status = 'noted')`,
      outTradeNo,
      String(there?.transactionId),
    ) !== undefined
  )
}

/** I23: what staff settled is as they were told, and the money is where they sent it, once. */
function assertSettled({ truth, ledger, people, plan }: Books): void {
  for (const [unmatchedId, told] of plan.settings.profile === 'lost' ? [] : people.settled) {
    const row = truth.row('select status, note from unmatched where unmatched_id = ?', unmatchedId)
    if (row?.status !== told.status || row?.note !== told.note)
      throw new Violation('I23', `${unmatchedId} was told to be ${told.status}, ${told.note}; it is ${row?.status}, ${row?.note}`)
  }
  for (const row of truth.rows(`select * from unmatched where status in ('refunded', 'assigned')`)) {
    const number = String(row.out_trade_no)
    const attempt = truth.row('select * from attempts where out_trade_no = ? and transaction_id = ?', number, String(row.transaction_id))
    const refunds = truth.rows(`select * from refunds where payment_id = ? and cause = 'unmatched'`, String(attempt?.payment_id))
    const order = truth.row('select * from orders where order_id = ?', String(row.order_id))
    // What the channel closed goes back under a number of its own.
    const onTheirWay = refunds.filter(({ status }) => status !== 'closed' && status !== 'failed')
    const isBack = onTheirWay.length <= 1 && refunds.some(({ refund_id }) => refund_id === row.refund_id) && attempt?.kept === 0
    const isKept = refunds.length === 0 && attempt?.kept === 1 && order?.kept_payment_id === attempt.payment_id
    const isAsSaid = row.status === 'refunded' ? isBack && order?.kept_payment_id !== attempt?.payment_id : isKept
    if (!isAsSaid || ledger.payment(number)?.total !== row.amount_minor)
      throw new Violation(
        'I23',
        `${row.unmatched_id} is ${row.status}: attempt kept ${attempt?.kept}, ${refunds.length} refunds, order ${order?.status}`,
      )
  }
  for (const { out_trade_no } of truth.rows(`select distinct out_trade_no from unmatched`)) {
    const back = ledger.refunds().filter((one) => one.outTradeNo === out_trade_no && one.state === 'SUCCESS')
    const sum = back.reduce((total, one) => total + one.refund, 0)
    const paid = ledger.payment(String(out_trade_no))?.total ?? 0
    if (sum > paid) throw new Violation('I3', `${sum} of ${out_trade_no} went back, ${paid} came`)
  }
}

/** I24: the alarms of every instance stand while something of their list is open, and no longer. */
export async function assertAlarms(world: Books, usualNaps: Parameters<Engine['setNaps']>[0]): Promise<void> {
  const { engine, truth, instances } = world
  // No nap is longer than it would be: the list is looked at in each.
  engine.setNaps((at) => at)
  await pass(engine, followMs)
  engine.setNaps(usualNaps)
  const open = truth.rows('select reason from unmatched where status is null')
  const due = {
    amount_mismatch: open.some(({ reason }) => reason === 'mismatch'),
    unmatched_money: open.some(({ reason }) => reason !== 'mismatch'),
  }
  for (const { name, followed } of instances)
    for (const [kind, isDue] of Object.entries(due))
      if (followed(kind) === !isDue)
        throw new Violation('I24', `${kind} ${isDue ? 'does not stand' : 'stands'} at ${name}; ${open.length} open`)
}

/** I5. */
function assertClosedThere({ truth, emulator, ledger }: Books): void {
  for (const { out_trade_no, order_id } of truth.rows(
    `select out_trade_no, a.order_id from attempts a join orders o on o.order_id = a.order_id where o.status = 'closed'`,
  )) {
    const there = ledger.payment(String(out_trade_no))
    const isOpen = there && (there.state === 'NOTPAY' || there.state === 'USERPAYING') && there.expiresAt > emulator.now()
    if (isOpen) throw new Violation('I5', `order ${order_id} is closed, the channel would still take ${out_trade_no}: ${there.state}`)
  }
}

/** I7. */
function assertBooksEqual(world: Books): void {
  const { truth, ledger } = world
  const ours = new Map(
    truth
      .rows(`select out_refund_no, amount_minor from refunds where status = 'succeeded'`)
      .map((row) => [String(row.out_refund_no), Number(row.amount_minor)]),
  )
  for (const refund of ledger.refunds()) {
    if (refund.state !== 'SUCCESS') continue
    const attempt = truth.row('select kept, order_id from attempts where out_trade_no = ?', refund.outTradeNo)
    const isOutside = /^(console|portal)/.test(refund.outRefundNo)
    // What was done by hand to a payment that is given back anyway stands in the day's bill alone.
    if (isOutside && (attempt?.kept !== 1 || isMismatch(world, String(attempt.order_id)))) continue
    if (ours.get(refund.outRefundNo) !== refund.refund)
      throw new Violation(
        'I7',
        `refund ${refund.outRefundNo} of ${refund.refund} at the channel, ${ours.get(refund.outRefundNo) ?? 'not'} in the books`,
      )
    ours.delete(refund.outRefundNo)
  }
  for (const number of ours.keys())
    if (ledger.refund(number)?.state !== 'SUCCESS') throw new Violation('I7', `refund ${number} in the books, not at the channel`)
}

/** I9. */
function assertAcknowledged({ truth, acknowledged, people, plan }: Books): void {
  if (plan.settings.profile === 'lost') return
  for (const id of acknowledged)
    if (!truth.row('select 1 from inbox where notify_id = ?', id))
      throw new Violation('I9', `notification ${id} was acknowledged and is not there`)
  for (const { data, status } of people.answers.values()) {
    if (status !== 201) continue
    const isThere =
      data.refundId === undefined
        ? truth.row('select 1 from orders where order_id = ?', data.orderId)
        : truth.row('select 1 from refunds where refund_id = ?', data.refundId)
    if (!isThere) throw new Violation('I9', `${data.refundId ?? data.orderId} was answered 201 and is not there`)
  }
}

/** I13. */
function assertEnded(world: Books): void {
  const { truth, ledger, engine, instances } = world
  for (const { order_id } of truth.rows(`select order_id from orders where status = 'pending' and expires_at < ?`, engine.now() - 900_000))
    if (!isMismatch(world, String(order_id))) throw new Violation('I13', `order ${order_id} is pending long after its expiry`)
  for (const { refund_id, out_refund_no, status } of truth.rows(
    `select refund_id, out_refund_no, status from refunds where status in ('pending', 'processing')`,
  )) {
    const there = ledger.refund(String(out_refund_no))
    throw new Violation('I13', `refund ${refund_id} is ${status} for ever, the channel says ${there?.state ?? 'nothing'}`)
  }
  for (const { kind, subject } of truth.rows(
    'select kind, subject from tasks where run_at < ? and lease_until < ?',
    engine.now() - 660_000,
    engine.now() - 660_000,
  ))
    throw new Violation('I13', `task ${kind} ${subject} is overdue; ${instances.filter((one) => one.isUp()).length} instances are up`)
}

/** I19: every transition stands in the timeline. */
function assertTimeline({ truth }: Books): void {
  const made = new Map<string, number>()
  for (const { order_id } of truth.moves) made.set(order_id, (made.get(order_id) ?? 0) + 1)
  for (const [orderId, times] of made) {
    const told = Number(
      truth.row(
        `select count(*) as times from timeline where order_id = ? and kind = 'transition' and title not like 'money that%' and title not like '%refunded in full'`,
        orderId,
      )?.times,
    )
    if (told !== times) throw new Violation('I19', `order ${orderId} made ${times} transitions, its timeline tells ${told}`)
  }
}

/** I21: what waits now goes on within a minute; only the timers of loops stay. */
export async function assertNothingHangs({ engine, store }: Books): Promise<void> {
  const parked = () => engine.parked((label, lane) => lane !== undefined && !lane.isDead && !/\/(nap|sleep|deadline)$/.test(label))
  const before = new Set(parked())
  await pass(engine, 60_000)
  const hanging = parked().filter((one) => before.has(one))
  if (hanging.length > 0) throw new Violation('I21', `still waiting: ${hanging.map((one) => one.label).join(', ')}`)
  while (store.isHeld()) await pass(engine, 100)
}

/** I22: restarted, told and asked everything once more, the books stay as they are. */
export async function assertRepeatable(world: Books, settle: () => Promise<void>): Promise<void> {
  const { instances, emulator, truth, engine } = world
  const before = print(truth)
  for (const instance of instances) {
    instance.kill()
    void instance.start()
  }
  await pass(engine, 5000)
  for (const { id } of [...emulator.state().notification.values()].filter((one) => one.state === 'taken')) void emulator.announceAgain(id)
  redoTasks(world)
  await pass(engine, 60_000)
  await settle()
  const after = print(truth)
  if (before !== after) throw new Violation('I22', `doing everything again changed ${difference(before, after)}`)
}

async function pass(engine: Books['engine'], ms: number): Promise<void> {
  for (const end = engine.now() + ms; engine.now() < end; ) if (!(await engine.step())) return
}

function redoTasks({ truth, store, engine }: Books): void {
  const add = store
    .raw()
    .prepare(
      `insert or ignore into tasks (merchant_id, kind, subject, task_id, run_at, tries, lease_owner, lease_until) values (?, ?, ?, ?, ?, 0, '', 0)`,
    )
  const redo = (kind: string, sql: string) => {
    for (const { merchant_id, subject } of truth.rows(sql))
      add.run(merchant_id ?? '', kind, subject ?? '', `tsk_again_${kind}_${subject}`, engine.now())
  }
  redo('order.expire', 'select merchant_id, order_id as subject from orders')
  redo('payment.sync', 'select merchant_id, payment_id as subject from attempts')
  redo('refund.send', 'select merchant_id, refund_id as subject from refunds')
  redo('refund.sync', 'select merchant_id, refund_id as subject from refunds')
}

function print(truth: Books['truth']): string {
  return ['orders', 'attempts', 'refunds', 'events', 'unmatched']
    .flatMap((table) =>
      truth
        .rows(`select * from ${table} order by 1, 2`)
        .filter((row) => row.type !== 'reconciliation.completed')
        .map((row) => `${table} ${JSON.stringify({ ...row, asked_at: 0 })}`),
    )
    .join('\n')
}

function difference(before: string, after: string): string {
  const had = new Set(before.split('\n'))
  const has = new Set(after.split('\n'))
  return [
    ...[...had].filter((line) => !has.has(line)).map((line) => `- ${line}`),
    ...[...has].filter((line) => !had.has(line)).map((line) => `+ ${line}`),
  ]
    .slice(0, 6)
    .join('\n')
}
