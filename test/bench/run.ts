import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createConnection } from 'mysql2/promise'
import { Pool } from 'undici'
import { ensureMariaDb, freePort, startMariaDb } from '../support/mariadb.ts'
import { cpuSeconds, median, residentMb } from './measure.ts'
import { compareDepths, compareReads } from './reads.ts'

/**
 * `npm run bench`: CPU of the server against a bare program that does the same, on one machine, in alternating rounds. Prints ratios;
 * never fails on time.
 */
const rounds = Number(process.env.BENCH_ROUNDS ?? 5)
const perRound = 300
const width = 8
const existing = 100_000

type Answer = { readonly status: number; readonly body: Record<string, unknown> }
type Contender = { readonly name: string; readonly process: ChildProcess; readonly pool: Pool; order(orderId: string): Promise<void> }

const here = import.meta.dirname
const ask = async (pool: Pool, path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> => {
  const answer = await pool.request({
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  const text = await answer.body.text()
  if (answer.statusCode >= 300) throw new Error(`${path}: ${answer.statusCode} ${text}`)
  return { status: answer.statusCode, body: JSON.parse(text) }
}

await ensureMariaDb()
const database = await startMariaDb()
const channel = spawn(process.execPath, [join(here, 'emulator-process.ts')], { stdio: ['ignore', 'pipe', 'inherit'] })
const [line] = await once(channel.stdout, 'data')
const { origin, environment }: { origin: string; environment: Record<string, string> } = JSON.parse(String(line))
const control = new Pool(origin)
const openid = await openidOfAlice()
// The bare program knows one key: the public key, with which the channel signs what it sends from here on.
await ask(control, '/_emulator/rotate', { to: 'public_key' })
const key = 'sk_test_benchmark'

try {
  const bare = await startBare()
  const { contender: ours, startMs } = await startOurs()
  await pause(1500)
  const idleMb = residentMb(ours.process.pid ?? 0)
  await measure(ours, 600)
  await measure(bare, 600)

  const before = await compare(bare, ours)
  await fill()
  const after = await compare(bare, ours)
  const orderIds = Array.from({ length: 500 }, (_, nth) => `OLD${String(nth * 100).padStart(9, '0')}`)
  const bareReader = { ...bare, headers: {}, path: (orderId: string) => `/status/${orderId}` }
  const ourReader = { ...ours, headers: { authorization: `Bearer ${key}` }, path: (orderId: string) => `/api/v1/orders/${orderId}` }
  const reads = await compareReads(bareReader, ourReader, { orderIds, rounds })
  const deep = await compareDepths(ourReader)

  const rows: Array<[string, string, string]> = [
    ['listening after', `${startMs.toFixed(0)} ms`, 'within 1500 ms'],
    ['idle memory', `${idleMb.toFixed(0)} MB`, 'under 130 MB'],
    ['a JSAPI order, CPU against the bare program', ratio(before.order), 'at most 1.5'],
    ['a notification, CPU against the bare program', ratio(before.notification), 'at most 2.0'],
    [`a JSAPI order with ${existing} orders there, against before`, (after.oursOrderMs / before.oursOrderMs).toFixed(2), 'at most 1.10'],
    [
      `a notification with ${existing} orders there, against before`,
      (after.oursNotificationMs / before.oursNotificationMs).toFixed(2),
      'at most 1.10',
    ],
    ['a status read, CPU against the bare program', ratio(reads.ratios), 'at most 1.5'],
    ['CPU of a status read, ours and bare', `${reads.oursMs.toFixed(3)} and ${reads.bareMs.toFixed(3)} ms`, ''],
    ['a page of orders at depth 10,000 against the first page', deep.toFixed(2), 'at most 2'],
    ['CPU of a JSAPI order, ours and bare', `${before.oursOrderMs.toFixed(2)} and ${before.bareOrderMs.toFixed(2)} ms`, ''],
    ['CPU of a notification, ours and bare', `${before.oursNotificationMs.toFixed(2)} and ${before.bareNotificationMs.toFixed(2)} ms`, ''],
  ]
  for (const [what, figure, aim] of rows) process.stdout.write(`${what.padEnd(62)} ${figure.padEnd(24)} ${aim}\n`)
  await Promise.all(
    [ours, bare].map(async ({ process: child, pool }) => {
      await pool.destroy()
      child.kill('SIGKILL')
    }),
  )
} finally {
  channel.kill('SIGKILL')
  await control.destroy()
  await database.stop()
}

function ratio(values: readonly number[]): string {
  return `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)})`
}

async function compare(bare: Contender, ours: Contender) {
  const pairs: Array<{ bare: { orderMs: number; notificationMs: number }; ours: { orderMs: number; notificationMs: number } }> = []
  for (let round = 0; round < rounds; round++) {
    const first = round % 2 === 0
    const one = await measure(first ? bare : ours, perRound)
    const other = await measure(first ? ours : bare, perRound)
    pairs.push(first ? { bare: one, ours: other } : { bare: other, ours: one })
  }
  return {
    order: pairs.map((pair) => pair.ours.orderMs / pair.bare.orderMs),
    notification: pairs.map((pair) => pair.ours.notificationMs / pair.bare.notificationMs),
    oursOrderMs: median(pairs.map((pair) => pair.ours.orderMs)),
    bareOrderMs: median(pairs.map((pair) => pair.bare.orderMs)),
    oursNotificationMs: median(pairs.map((pair) => pair.ours.notificationMs)),
    bareNotificationMs: median(pairs.map((pair) => pair.bare.notificationMs)),
  }
}

/** CPU milliseconds of the process for one order with its payment, and for one notification of it. */
async function measure({ name, process: child, order }: Contender, count: number): Promise<{ orderMs: number; notificationMs: number }> {
  const pid = child.pid ?? 0
  const numbers = Array.from(
    { length: count },
    (_, nth) => `${name}${Date.now().toString(36).toUpperCase()}${String(nth).padStart(6, '0')}`,
  )
  const start = cpuSeconds(pid)
  await inParallel(numbers, order)
  const middle = cpuSeconds(pid)
  await inParallel(numbers, async (orderId) => void (await ask(control, `/_emulator/payments/${orderId}`, { do: 'pay' })))
  const end = cpuSeconds(pid)
  return { orderMs: ((middle - start) * 1000) / count, notificationMs: ((end - middle) * 1000) / count }
}

async function inParallel(items: readonly string[], work: (item: string) => Promise<void>): Promise<void> {
  const rest = [...items]
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item)
    }),
  )
}

async function startBare(): Promise<Contender> {
  const port = await freePort()
  const child = spawn(process.execPath, [join(here, 'bare-server.ts')], {
    env: { ...process.env, ...environment, PORT: String(port), DATABASE_URL: database.url },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: width })
  const order = async (orderId: string) => {
    await ask(pool, '/orders', { orderId, subject: 'Tea', amountMinor: 990 })
    await ask(pool, `/orders/${orderId}/pay`, { openid })
  }
  return { name: 'B', process: child, pool, order }
}

async function startOurs(): Promise<{ contender: Contender; startMs: number }> {
  const port = await freePort()
  const secret = 'a secret for the benchmark that is long enough'
  const settings = {
    PORT: String(port),
    HOST: '127.0.0.1',
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    DATABASE_URL: database.url,
    SESSION_SECRET: secret,
    MASTER_KEY: secret,
    BOOTSTRAP_API_KEY: key,
  }
  const startedAt = performance.now()
  const child = spawn(
    process.execPath,
    [
      '--max-semi-space-size=4',
      ...(process.env.BENCH_PROFILE ? ['--cpu-prof', `--cpu-prof-dir=${process.env.BENCH_PROFILE}`] : []),
      join(here, '../../server/start.cjs'),
    ],
    {
      env: { PATH: process.env.PATH ?? '', ...environment, ...settings },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  while (
    !(await fetch(`http://127.0.0.1:${port}/healthz`).then(
      (answer) => answer.ok,
      () => false,
    ))
  )
    await pause(5)
  const startMs = performance.now() - startedAt
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: width })
  const headers = { authorization: `Bearer ${key}` }
  const order = async (orderId: string) => {
    await ask(pool, '/api/v1/orders', { orderId, subject: 'Tea', amount: '9.90' }, headers)
    await ask(pool, `/api/v1/orders/${orderId}/pay`, { payType: 'MINIPROGRAM', openid }, headers)
  }
  return { contender: { name: 'S', process: child, pool, order }, startMs }
}

/** A shop that has been busy for a while: both programs' tables hold as many old orders. */
async function fill(): Promise<void> {
  const connection = await createConnection(database.url)
  const columns = [
    'merchant_id',
    'subject',
    'amount_minor',
    'currency',
    'status',
    'paid_minor',
    'refunded_minor',
    'refunding_minor',
    'refund_count',
    'attempt_count',
    'metadata',
    'goods_type',
    'asked_at',
    'created_at',
    'expires_at',
  ]
  for (let from = 0; from < existing; from += 2000) {
    const ids = Array.from({ length: 2000 }, (_, nth) => `OLD${String(from + nth).padStart(9, '0')}`)
    const values = ids.map(
      (id, nth) =>
        `('${id}','mer_default','Tea',990,'CNY','closed',0,0,0,0,1,'{}','physical',0,${1_700_000_000_000 + from + nth},${1_700_001_800_000 + from + nth})`,
    )
    await connection.query(`INSERT INTO orders (order_id, ${columns.join(', ')}) VALUES ${values.join(',')}`)
    const attempts = ids.map(
      (id, nth) =>
        `('mer_default','${id}','pay_${id}','${id}','wechat','default','1','closed','${askOf(id)}',${1_700_000_000_000 + from + nth})`,
    )
    await connection.query(
      `INSERT INTO attempts (merchant_id, order_id, payment_id, out_trade_no, channel, account, merchant_ref, status, ask, created_at) VALUES ${attempts.join(',')}`,
    )
    await connection.query(
      `INSERT INTO bare_orders (order_id, subject, amount, status, created_at) VALUES ${ids.map((id) => `('${id}','Tea',990,'closed',1)`).join(',')}`,
    )
  }
  await connection.end()
}

/** What an attempt was asked with, as far as a read needs it. */
function askOf(outTradeNo: string): string {
  return JSON.stringify({ outTradeNo, payType: 'NATIVE', amount: { minor: 990, currency: 'CNY' }, expiresAt: 1_700_001_800_000 })
}

async function openidOfAlice(): Promise<string> {
  const answer = await control.request({ method: 'GET', path: '/_emulator/credentials' })
  const { openids } = JSON.parse(await answer.body.text())
  return openids.miniprogram.alice
}
