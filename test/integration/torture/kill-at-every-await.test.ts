import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { asOrderId } from '../../../shared/kernel/ids.ts'
import { storeKind } from '../../support/databases.ts'
import { type Lane, startLane } from './crashing-lane.ts'

const amountMinor = 1000
const lanesAtOnce = 2
const limitMs = 600_000
const maxSteps = 40
/** Past a rung of the emulator's ladder, and a little past it, so that nothing is out of step with a lease. */
const stepMs = 16_000
const pastRefundMs = 1500

/** How the channel's word arrives: told by notification, or never told and found out by tasks. */
type Way = 'told' | 'asked'

let lanes: Lane[]
let nextOrder = 0
beforeAll(async () => {
  lanes = await Promise.all(Array.from({ length: lanesAtOnce }, () => startLane()))
}, 120_000)
afterAll(async () => {
  for (const lane of lanes) await lane.close()
})

/** Create, pay, notification, settle, refund, its notification: by a merchant who does not give up, over whatever dies meanwhile. */
async function moneyPath(lane: Lane, orderId: string, way: Way): Promise<void> {
  const { emulator } = lane
  await lane.insist('/orders', { orderId, subject: 'Tea', amount: '10.00' }, `${orderId}-create`)
  const { outTradeNo } = await lane.insist(`/orders/${orderId}/pay`, {}, `${orderId}-pay`)
  if (way === 'asked') {
    emulator.arm({ fault: 'drop_notify', match: { outTradeNo }, times: 2 })
    emulator.arm({ fault: 'status_500', match: { path: '/v3/refund' } })
  }
  await emulator.act(outTradeNo, { do: 'pay' })
  await until(lane, orderId, (order) => order.status === 'succeeded')
  await lane.insist(`/orders/${orderId}/refunds`, { amount: '10.00' }, `${orderId}-refund`)
  await lane.advance(pastRefundMs)
  await until(lane, orderId, (order) => order.refunded_minor === amountMinor)
  emulator.faults.clear()
}

/** Reads the row itself: what the merchant's reading awaits would be counted too, more or less of it each time. */
async function until(lane: Lane, orderId: string, isSo: (order: { status: string; refunded_minor: number }) => boolean): Promise<void> {
  for (let steps = 0; ; steps++) {
    const query = lane.db.query.selectFrom('orders').select(['status', 'refunded_minor']).where('order_id', '=', asOrderId(orderId))
    const order = await query.executeTakeFirstOrThrow()
    if (isSo(order)) return
    if (steps === maxSteps) throw new Error(`did not come about: ${JSON.stringify(order)}`)
    await lane.advance(stepMs)
  }
}

/** Everything that the store and the channel know of an order, and what is still to be done about it. */
async function booksOf({ db, emulator }: Lane, orderId: string): Promise<unknown> {
  const [orders, attempts, refunds, events, tasks] = await Promise.all([
    db.query.selectFrom('orders').selectAll().where('order_id', '=', asOrderId(orderId)).execute(),
    db.query.selectFrom('attempts').selectAll().execute(),
    db.query.selectFrom('refunds').selectAll().execute(),
    db.query.selectFrom('events').selectAll().orderBy('event_id').execute(),
    db.query.selectFrom('tasks').selectAll().execute(),
  ])
  const of = <Row extends { order_id: string }>(rows: readonly Row[]) => rows.filter((row) => row.order_id === orderId)
  const subjects: string[] = [orderId, ...of(attempts).map((row) => row.payment_id), ...of(refunds).map((row) => row.refund_id)]
  const [payments, returned] = [[...emulator.state().payment.values()], [...emulator.state().refund.values()]]
  return {
    orders: of(orders).map((row) => [row.status, row.paid_minor, row.refunded_minor, row.refunding_minor, row.refund_count]),
    attempts: of(attempts).map((row) => [row.out_trade_no, row.status, row.kept]),
    refunds: of(refunds).map((row) => [row.status, row.amount_minor]),
    events: of(events).map((row) => row.type),
    tasks: tasks.filter((row) => subjects.includes(row.subject)).map((row) => row.kind),
    atChannel: payments.filter((one) => one.outTradeNo === orderId).map((one) => [one.state, one.total]),
    returned: returned.filter((one) => one.outTradeNo === orderId).map((one) => [one.state, one.refund]),
    /** A number at the channel that no attempt here has, or the other way round. */
    strangers: payments.length - attempts.length + returned.length - refunds.length,
  }
}

const good = (orderId: string) => ({
  orders: [['succeeded', amountMinor, amountMinor, 0, 1]],
  attempts: [[orderId, 'succeeded', 1]],
  refunds: [['succeeded', amountMinor]],
  events: ['order.created', 'payment.succeeded', 'refund.created', 'refund.succeeded'],
  tasks: [],
  atChannel: [['REFUND', amountMinor]],
  returned: [['SUCCESS', amountMinor]],
  strangers: 0,
})

/** Waits for what is only left to be tidied up: a task of a dead process is another's when its lease ends. */
async function settledBooks(lane: Lane, orderId: string): Promise<unknown> {
  for (let steps = 0; ; steps++) {
    const books = await booksOf(lane, orderId)
    if (steps === maxSteps || !(books as { tasks: unknown[] }).tasks.length) return books
    await lane.advance(stepMs)
  }
}

/** One order whose server dies at the point; whether it did. */
async function diesAt(lane: Lane, point: string, { way, wrong }: { way: Way; wrong: unknown[] }): Promise<boolean> {
  const orderId = newOrderId()
  await lane.arm(point)
  const before = lane.deaths()
  try {
    await moneyPath(lane, orderId, way)
    // A death at the very end is heard of by asking once more.
    await lane.advance(0)
    const books = await settledBooks(lane, orderId)
    if (JSON.stringify(books) !== JSON.stringify(good(orderId))) wrong.push({ point, books })
  } catch (error) {
    wrong.push({ point, error: String(error) })
  }
  return lane.deaths() > before
}

const newOrderId = () => `W${String(nextOrder++).padStart(9, '0')}`

describe.each<Way>(['told', 'asked'])('kill -9 at every await of the money path, its outcome %s', (way) => {
  it(
    'leaves one order, one attempt, its money kept once and given back once, one event of each, and no task',
    async () => {
      const [first] = lanes
      if (!first) throw new Error('there is no lane')
      const startedAt = Date.now()
      const orderId = newOrderId()
      await first.arm()
      await moneyPath(first, orderId, way)
      const points = (await first.advance(0))?.points ?? []
      expect(await settledBooks(first, orderId)).toEqual(good(orderId))
      const left = [...points]
      const wrong: unknown[] = []
      const survived: string[] = []

      await Promise.all(
        lanes.map(async (lane) => {
          for (let point = left.shift(); point !== undefined; point = left.shift()) {
            let died = await diesAt(lane, point, { way, wrong })
            if (!died) {
              // What a process does only once it has done before: the next one does it again.
              await lane.forget()
              died = await diesAt(lane, point, { way, wrong })
            }
            if (!died) survived.push(point)
          }
        }),
      )

      const seconds = ((Date.now() - startedAt) / 1000).toFixed(1)
      process.stdout.write(`kill at every await, ${storeKind}, ${way}: ${points.length} points, ${survived.length} not met, ${seconds} s\n`)
      if (process.env.TORTURE_POINTS) process.stdout.write(`${points.join('\n')}\n`)
      expect(wrong).toEqual([])
      expect(points.length).toBeGreaterThan(100)
      expect(survived).toEqual([])
    },
    limitMs,
  )
})
