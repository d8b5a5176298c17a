import { DatabaseSync } from 'node:sqlite'
import { writeAttempt } from '../../server/store/attempts.ts'
import { closeDatabase } from '../../server/store/database.ts'
import { migrate } from '../../server/store/migrate.ts'
import { writeOrder } from '../../server/store/orders.ts'
import { asMinor } from '../../shared/kernel/money.ts'
import { asInstant } from '../../shared/kernel/time.ts'
import { type BilledPayment, pack, tradeBill } from './bill-maker.ts'
import { anAttempt, anOrder } from './builders.ts'
import { openUrl } from './databases.ts'
import { makeReconciler } from './reconciler.ts'

/** A process of its own: reads a long bill, compares it with books as long, and says how much memory it took at most. */
const [path = '', count = '0'] = process.argv.slice(2)
const lines = Number(count)
const fen = 9999
const noon = '2026-01-02 12:00:00'

const db = await openUrl(`sqlite:${path}`)
await migrate(db)
fillBooks()
const packed = await pack(tradeBill(payments()))
const reconciler = makeReconciler(db, { trade: packed })
const started = performance.now()
const { report } = await reconciler.run('2026-01-02')
const seconds = (performance.now() - started) / 1000
await reconciler.end()
await closeDatabase(db)
process.stdout.write(
  JSON.stringify({ lines: report.payments.count, counts: report.counts, seconds, mib: process.resourceUsage().maxRSS / 1024 }),
)

function numberOf(n: number): string {
  return `D20260102${String(n).padStart(10, '0')}`
}

function* payments(): Generator<BilledPayment> {
  for (let n = 0; n < lines; n++) yield { number: numberOf(n), transactionId: `4200${numberOf(n)}`, fen, at: noon }
}

/** As many paid orders, made by the database itself from one. */
function fillBooks(): void {
  const raw = new DatabaseSync(path)
  raw.exec('pragma synchronous = off')
  const amount = { minor: asMinor(fen), currency: 'CNY' } as const
  const order = writeOrder(anOrder({ amount, status: 'succeeded', paid: asMinor(fen) }))
  const attempt = writeAttempt(anAttempt({ status: 'succeeded', kept: true, succeededAt: asInstant(Date.UTC(2026, 0, 2, 4)) }))
  const number = `'D20260102' || substr('0000000000' || i, -10)`
  multiply('orders', order, { order_id: number })
  multiply('attempts', attempt, {
    order_id: number,
    out_trade_no: number,
    transaction_id: `'4200' || ${number}`,
    payment_id: `'pay_' || i`,
  })
  raw.close()

  function multiply(table: string, row: object, computed: Record<string, string>): void {
    const columns = Object.keys(row)
    const values = columns.map((column) => computed[column] ?? literal(Reflect.get(row, column)))
    raw.exec(
      `with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < ${lines}) insert into ${table} (${columns.join(', ')}) select ${values.join(', ')} from n`,
    )
  }
}

function literal(value: unknown): string {
  return value === null || value === undefined
    ? 'null'
    : typeof value === 'number'
      ? String(value)
      : `'${(typeof value === 'string' ? value : JSON.stringify(value)).replaceAll("'", "''")}'`
}
