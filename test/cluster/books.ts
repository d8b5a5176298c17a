import { setTimeout as pause } from 'node:timers/promises'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import type { Emulator } from '../../server/emulator/emulator.ts'

const settleWithinMs = 180_000
const tables = {
  orders: 'order_id, status, paid_minor, refunded_minor, refunding_minor, kept_payment_id',
  attempts: 'payment_id, out_trade_no, status, kept, transaction_id',
  refunds: 'refund_id, status, amount_minor',
  events: 'event_id, type, order_id',
  inbox: 'notify_id, verdict',
} as const

export type Verdict = { readonly lost: number; readonly doubled: number; readonly open: number }

/** Holds the books against the channel, once everything had time to settle by itself. */
export async function verify({
  emulator,
  acknowledged,
  url,
}: {
  emulator: Emulator
  acknowledged: readonly string[]
  url: string
}): Promise<Verdict> {
  const db = await connect(url)
  const paid = [...emulator.state().payment.values()].filter((one) => one.transactionId !== undefined).map((one) => one.outTradeNo)
  let open = paid.length
  for (const end = Date.now() + settleWithinMs; Date.now() < end && open > 0; await pause(500))
    open = await openPayments(db, emulator, paid)
  const orders = new Set((await rows(db, 'select order_id from orders')).map((row) => row.order_id))
  const lost = acknowledged.filter((orderId) => !orders.has(orderId)).length
  const twice = await rows(db, "select order_id from events where type = 'payment.succeeded' group by order_id having count(*) > 1")
  const kept = await rows(db, 'select order_id from attempts where kept = 1 group by order_id having count(*) > 1')
  await db.end()
  return { lost, doubled: twice.length + kept.length, open }
}

/** Payments that are neither kept by their order nor given back in full. */
async function openPayments(db: Connection, emulator: Emulator, paid: readonly string[]): Promise<number> {
  const kept = new Set(
    (
      await rows(
        db,
        "select a.out_trade_no from attempts a join orders o on o.order_id = a.order_id where a.kept = 1 and o.status = 'succeeded'",
      )
    ).map((row) => row.out_trade_no),
  )
  const back = new Set([...emulator.state().refund.values()].filter((one) => one.state === 'SUCCESS').map((one) => one.outTradeNo))
  return paid.filter((number) => !kept.has(number) && !back.has(number)).length
}

/** Whether every node holds the same rows. */
export async function compareNodes(urls: readonly string[]): Promise<boolean> {
  const prints = await Promise.all(urls.map(fingerprint))
  return new Set(prints).size === 1
}

async function fingerprint(url: string): Promise<string> {
  const db = await connect(url)
  const sums = []
  for (const [table, columns] of Object.entries(tables)) {
    const [row] = await rows(db, `select count(*) as times, bit_xor(crc32(concat_ws('|', ${columns}))) as print from ${table}`)
    sums.push(`${table} ${row?.times} ${row?.print}`)
  }
  await db.end()
  return sums.join(', ')
}

/** A connection to the first node of an address, which sees everything that was written before. */
async function connect(url: string): Promise<Connection> {
  const db = await createConnection(url.replace(/@([^,/]+)[^/]*\//, '@$1/'))
  await db.query('set session wsrep_sync_wait = 1')
  return db
}

async function rows(db: Connection, sql: string): Promise<RowDataPacket[]> {
  const [found] = await db.query<RowDataPacket[]>(sql)
  return found
}
