import type { DatabaseSync } from 'node:sqlite'
import type { Emulator } from '../../server/emulator/emulator.ts'
import { attemptMoves, orderMoves, refundMoves } from '../../shared/kernel/states.ts'
import { Violation } from './engine.ts'
import type { Ledger } from './ledger.ts'
import type { Settings } from './plan.ts'

type Row = Record<string, string | number | null>
export type Move = {
  readonly tbl: string
  readonly id: string
  readonly order_id: string
  readonly was: string | null
  readonly now: string
  readonly extra: string | null
}

/** Written by the database itself, in the transaction that makes the change. */
const triggers = ['orders', 'attempts', 'refunds'].flatMap((table) => {
  const id = { orders: 'order_id', attempts: 'payment_id', refunds: 'refund_id' }[table]
  const extra = { orders: 'kept_payment_id', attempts: 'kept', refunds: 'cause' }[table]
  return [
    `create temp trigger made_${table} after insert on main.${table} begin insert into sim_log (tbl, id, order_id, was, now, extra) values ('${table}', new.${id}, new.order_id, null, new.status, new.${extra}); end`,
    `create temp trigger moved_${table} after update of status on main.${table} when old.status <> new.status begin insert into sim_log (tbl, id, order_id, was, now, extra) values ('${table}', new.${id}, new.order_id, old.status, new.status, new.${extra}); end`,
  ]
})

export type Truth = ReturnType<typeof makeTruth>

/** The books as they are, against the channel as it is: what must hold after every commit. */
export function makeTruth({
  raw,
  emulator,
  ledger,
  settings,
  onEmpty,
  schemaVersion,
  met,
}: {
  raw: () => DatabaseSync
  emulator: () => Emulator
  ledger: Ledger
  settings: Settings
  /** A store that started empty has its tables now. */
  onEmpty: () => void
  schemaVersion: number
  met: (what: string) => void
}) {
  const moves: Move[] = []
  const said = new Map<string, number>()
  let seen = 0
  let watching = false
  return { watch, forget, afterCommit, moves, rows, row, payment, refundAt }

  function watch(): void {
    const db = raw()
    db.exec(
      'create temp table sim_log (seq integer primary key autoincrement, tbl text, id text, order_id text, was text, now text, extra text)',
    )
    for (const trigger of triggers) db.exec(trigger)
    db.exec(
      `create temp trigger said_events after insert on main.events begin insert into sim_log (tbl, id, order_id, was, now, extra) values ('events', new.event_id, new.order_id, null, new.type, null); end`,
    )
    db.exec(
      `create temp trigger taken_over after update of lease_owner on main.tasks when old.lease_owner <> '' and new.lease_owner <> '' and old.lease_owner <> new.lease_owner begin insert into sim_log (tbl, id, order_id, was, now, extra) values ('tasks', new.task_id, '-', old.lease_owner, new.lease_owner, null); end`,
    )
    const settled = ['status', 'note', 'resolved_by', 'resolved_at', 'refund_id', 'order_id', 'amount_minor', 'transaction_id']
    const isOther = settled.map((column) => `old.${column} is not new.${column}`).join(' or ')
    db.exec(
      `create temp trigger settled_unmatched after update on main.unmatched when old.status is null and new.status is not null begin insert into sim_log (tbl, id, order_id, was, now, extra) values ('unmatched', new.unmatched_id, '-', null, new.status, null); end`,
    )
    db.exec(
      `create temp trigger changed_unmatched after update on main.unmatched when old.status is not null and (${isOther}) begin insert into sim_log (tbl, id, order_id, was, now, extra) values ('unmatched', old.unmatched_id, '-', old.status || ', ' || old.note, new.status || ', ' || new.note, null); end`,
    )
    db.exec(
      `create temp trigger lost_unmatched after delete on main.unmatched begin insert into sim_log (tbl, id, order_id, was, now, extra) values ('unmatched', old.unmatched_id, '-', coalesce(old.status, 'open'), 'gone', null); end`,
    )
    seen = 0
    watching = true
  }

  /** What the store has forgotten did not happen. */
  function forget(count: number): void {
    moves.length = Math.min(moves.length, count)
    watch()
  }

  function rows(sql: string, ...values: Array<string | number>): Row[] {
    return raw()
      .prepare(sql)
      .all(...values) as Row[]
  }

  function row(sql: string, ...values: Array<string | number>): Row | undefined {
    return rows(sql, ...values)[0]
  }

  function payment(outTradeNo: string) {
    return ledger.payment(outTradeNo)
  }

  function refundAt(outRefundNo: string) {
    return ledger.refund(outRefundNo)
  }

  /** A store that starts empty is watched from the moment all its tables are there. */
  function isWatching(): boolean {
    if (
      !watching &&
      row(`select 1 from sqlite_master where name = 'schema_versions'`) &&
      row('select 1 from schema_versions where version = ?', schemaVersion)
    ) {
      onEmpty()
      watch()
    }
    return watching
  }

  function afterCommit(): void {
    if (!isWatching()) return
    const fresh = rows('select * from sim_log where seq > ? order by seq', seen) as unknown as Array<Move & { seq: number }>
    if (fresh.length === 0) return
    seen = fresh.at(-1)?.seq ?? seen
    for (const move of fresh) note(move)
    const changed = fresh.filter((move) => move.tbl !== 'events' && move.tbl !== 'tasks' && move.tbl !== 'unmatched')
    for (const move of changed) {
      assertAlongTable(move)
      assertDefinite(move)
    }
    assertEvents(
      changed,
      fresh.filter((move) => move.tbl === 'events' && move.now !== 'reconciliation.completed'),
    )
    moves.push(...changed)
    for (const orderId of new Set(fresh.map((move) => move.order_id))) assertOrder(orderId)
  }

  /** Trouble that was met, for the count; and money that was settled is settled. */
  function note({ tbl, id, was, now }: Move): void {
    if (tbl === 'unmatched' && was !== null) throw new Violation('I23', `${id} was settled (${was}), and is now ${now}`)
    if (tbl === 'tasks') met('lease-takeover')
    if (tbl === 'refunds' && was === 'pending' && now === 'succeeded') met('refund-before-answer')
  }

  function assertAlongTable({ tbl, id, was, now, extra }: Move): void {
    if (was === null) return
    const table: Record<string, readonly string[]> = tbl === 'orders' ? orderMoves : tbl === 'attempts' ? attemptMoves : refundMoves
    const isLate = tbl === 'orders' && (was === 'closed' || was === 'failed')
    if (!table[was]?.includes(now) || (isLate && settings.latePayment !== 'accept' && !isAssigned(String(extra))))
      throw new Violation('I6', `${tbl} ${id} moved from ${was} to ${now}`)
  }

  /** Staff took it for the order, whatever came when. */
  function isAssigned(paymentId: string): boolean {
    return (
      row(
        `select 1 from attempts a join unmatched u on u.out_trade_no = a.out_trade_no and u.transaction_id = a.transaction_id where a.payment_id = ? and u.status = 'assigned'`,
        paymentId,
      ) !== undefined
    )
  }

  /** What ends without money has to be ended at the channel too. */
  function assertDefinite({ tbl, id, now }: Move): void {
    if (tbl === 'attempts' && (now === 'closed' || now === 'failed')) {
      const attempt = row('select out_trade_no from attempts where payment_id = ?', id)
      const there = payment(String(attempt?.out_trade_no))
      if (there && (there.state === 'NOTPAY' || there.state === 'USERPAYING') && there.expiresAt > emulator().now() + 300_000)
        throw new Violation('I11', `attempt ${attempt?.out_trade_no} turned ${now}, the channel says ${there.state}`)
    }
    if (tbl === 'refunds' && (now === 'closed' || now === 'failed')) {
      const refund = row('select out_refund_no from refunds where refund_id = ?', id)
      const there = refundAt(String(refund?.out_refund_no))
      if (there && there.state !== 'CLOSED') throw new Violation('I11', `refund ${id} turned ${now}, the channel says ${there.state}`)
    }
  }

  /** Each change of a state is told by the events that belong to it, in the same commit, and by no others. */
  function assertEvents(changed: readonly Move[], told: readonly Move[]): void {
    const due = changed.flatMap(eventsOf).sort()
    const got = told.map((one) => `${one.order_id} ${one.now}`).sort()
    if (JSON.stringify(due) !== JSON.stringify(got))
      throw new Violation('I4', `due in one commit: ${due.join(', ') || 'nothing'}; told: ${got.join(', ') || 'nothing'}`)
  }

  function eventsOf(move: Move): string[] {
    return eventTypesOf(move).map((type) => `${move.order_id} ${type}`)
  }

  function eventTypesOf({ tbl, id, order_id, was, now, extra }: Move): string[] {
    if (tbl === 'orders') {
      // What stands for money of nobody's was never an order.
      if (was === null) return now === 'closed' ? [] : ['order.created']
      return now === 'succeeded' ? ['payment.succeeded'] : now === 'closed' ? ['order.closed'] : ['payment.failed']
    }
    if (tbl === 'refunds') {
      const ended =
        now === 'succeeded'
          ? ['refund.succeeded']
          : now === 'abnormal'
            ? ['refund.abnormal']
            : now === 'failed' || now === 'closed'
              ? ['refund.failed']
              : []
      return was === null ? ['refund.created', ...ended] : ended
    }
    if (now === 'failed') return isNoted(id) ? [] : ['payment.failed']
    if (now !== 'succeeded') return []
    if (isGivenBack(id)) return []
    const order = row('select status from orders where order_id = ?', order_id)
    if (Number(extra) === 1) return wasLate(order_id, id) ? ['payment.late'] : []
    return order?.status === 'succeeded' ? ['payment.duplicate_refunded'] : ['payment.late']
  }

  /** It ended by a note of staff, which nobody is told. */
  function isNoted(paymentId: string): boolean {
    return (
      row(
        `select 1 from attempts a join unmatched u on u.out_trade_no = a.out_trade_no where a.payment_id = ? and u.status = 'noted' and a.failure like 'settled by staff%'`,
        paymentId,
      ) !== undefined
    )
  }

  /** By staff, since it fitted nothing: the refund alone is told. */
  function isGivenBack(paymentId: string): boolean {
    return row(`select 1 from refunds where payment_id = ? and cause = 'unmatched'`, paymentId) !== undefined
  }

  /** Kept after its order had closed. */
  function wasLate(orderId: string, paymentId: string): boolean {
    const move = raw()
      .prepare(`select was from sim_log where tbl = 'orders' and order_id = ? and now = 'succeeded' and extra = ?`)
      .get(orderId, paymentId) as Row | undefined
    return move?.was === 'closed' || move?.was === 'failed'
  }

  function assertOrder(orderId: string): void {
    const order = row('select * from orders where order_id = ?', orderId)
    if (!order) return
    const attempts = rows('select * from attempts where order_id = ?', orderId)
    const refunds = rows('select * from refunds where order_id = ?', orderId)
    assertKept(order, attempts)
    for (const attempt of attempts) {
      assertPaid(order, attempt)
      assertNotTooMuchBack(
        attempt,
        refunds.filter((one) => one.payment_id === attempt.payment_id),
      )
    }
    assertFigures(order, refunds)
    for (const refund of refunds) assertWhole(refund)
  }

  function assertKept(order: Row, attempts: readonly Row[]): void {
    const kept = attempts.filter((one) => one.kept === 1)
    const succeeded = row(`select count(*) as times from events where order_id = ? and type = 'payment.succeeded'`, String(order.order_id))
    const before = Math.max(said.get(String(order.order_id)) ?? 0, Number(succeeded?.times))
    said.set(String(order.order_id), before)
    if (kept.length > 1 || before > 1)
      throw new Violation('I2', `order ${order.order_id} keeps ${kept.length} payments and told ${before} successes`)
    if ((order.status === 'succeeded') !== (kept.length === 1) || (kept[0] && kept[0].payment_id !== order.kept_payment_id))
      throw new Violation('I2', `order ${order.order_id} is ${order.status} and keeps ${kept.length}`)
  }

  function assertPaid(order: Row, attempt: Row): void {
    if (attempt.status !== 'succeeded') return
    const there = payment(String(attempt.out_trade_no))
    if (!there || (there.state !== 'SUCCESS' && there.state !== 'REFUND'))
      throw new Violation('I10', `attempt ${attempt.out_trade_no} succeeded, the channel says ${there?.state ?? 'nothing of it'}`)
    if (there.transactionId !== attempt.transaction_id)
      throw new Violation('I10', `attempt ${attempt.out_trade_no} has another transaction`)
    const isAsAsked = order.amount_minor === there.total || isAssigned(String(attempt.payment_id))
    if (attempt.kept === 1 && (order.paid_minor !== there.total || !isAsAsked))
      throw new Violation(
        'I17',
        `order ${order.order_id} of ${order.amount_minor} says paid ${order.paid_minor}, the channel ${there.total}`,
      )
  }

  function assertNotTooMuchBack(attempt: Row, refunds: readonly Row[]): void {
    const counted = refunds.filter((one) => ['pending', 'processing', 'abnormal', 'succeeded'].includes(String(one.status)))
    const back = counted.reduce((sum, one) => sum + Number(one.amount_minor), 0)
    const paid = payment(String(attempt.out_trade_no))?.total ?? 0
    if (back > paid)
      throw new Violation(
        'I3',
        `attempt ${attempt.out_trade_no} paid ${paid}; refunds ${counted.map((one) => `${one.amount_minor} ${one.status}`).join(' + ')}`,
      )
  }

  function assertFigures(order: Row, refunds: readonly Row[]): void {
    const own = refunds.filter((one) => one.cause !== 'duplicate' && one.cause !== 'late' && one.cause !== 'unmatched')
    const sum = (states: readonly string[]) =>
      own.filter((one) => states.includes(String(one.status))).reduce((total, one) => total + Number(one.amount_minor), 0)
    const [back, under] = [sum(['succeeded']), sum(['pending', 'processing', 'abnormal'])]
    if (order.refunded_minor !== back || order.refunding_minor !== under)
      throw new Violation(
        'I17',
        `order ${order.order_id} says ${order.refunded_minor} back and ${order.refunding_minor} under way; its refunds ${back} and ${under}`,
      )
  }

  function assertWhole(refund: Row): void {
    if (refund.status !== 'succeeded') return
    const there = refundAt(String(refund.out_refund_no))
    if (there?.state !== 'SUCCESS' || there.refund !== refund.amount_minor)
      throw new Violation(
        'I10',
        `refund ${refund.refund_id} of ${refund.amount_minor} succeeded, the channel says ${there?.state ?? 'nothing'} ${there?.refund ?? ''}`,
      )
  }
}
