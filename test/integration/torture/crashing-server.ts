import type { DatabaseConnection } from 'kysely'
import { makeApp } from '../../../server/app.ts'
import type { AccountSource } from '../../../server/channels/channel.ts'
import { channelRegistry } from '../../../server/channels/registry.ts'
import { readConfig } from '../../../server/config/config.ts'
import { listen } from '../../../server/http/listen.ts'
import { makeNodeRuntime } from '../../../server/lib/node-runtime.ts'
import { makeLog } from '../../../server/lib/pino-log.ts'
import { makeMetrics } from '../../../server/lib/prom-metrics.ts'
import type { Runtime } from '../../../server/lib/runtime.ts'
import { parseDatabaseUrl } from '../../../server/store/database-url.ts'
import type { StoreDialect } from '../../../server/store/dialect.ts'
import { mysqlDialect } from '../../../server/store/mysql.ts'
import { sqliteDialect } from '../../../server/store/sqlite.ts'
import { asInstant } from '../../../shared/kernel/time.ts'
import { type Ask, clockVariable, type Told } from './crashing-asks.ts'
import { wrappedDialect } from './wrapped-dialect.ts'

const clock = { offset: Number(process.env[clockVariable] ?? 0), jumped: new AbortController() }
const crash: { isArmed: boolean; at: string | undefined; points: string[]; counts: Map<string, number> } = {
  isArmed: false,
  at: undefined,
  points: [],
  counts: new Map(),
}

await main()

/** The server as `main.ts` makes it, but that each thing it waits for is a point at which it may die. */
async function main(): Promise<void> {
  const config = readConfig<AccountSource>(process.env, channelRegistry)
  const runtime = countingRuntime()
  const log = makeLog({ level: config.logLevel })
  const metrics = makeMetrics()
  const dialect = countingDialect(config.databaseUrl, runtime)
  const app = await makeApp({ config, sources: config.accounts, runtime, log, metrics, dialect })
  await listen(app.callback(), { port: config.port, host: config.host })
  await app.start()
  process.on('message', (ask: Ask) => {
    obey(ask)
    tell()
  })
  tell()
}

function obey(ask: Ask): void {
  if (ask.do === 'arm') Object.assign(crash, { isArmed: true, at: ask.at, points: [], counts: new Map() })
  else {
    clock.offset += ask.ms
    const { jumped } = clock
    clock.jumped = new AbortController()
    jumped.abort()
  }
}

function tell(): void {
  const told: Told = { points: crash.points }
  process.send?.(told)
}

/** A point is passed; the process that is to die here is gone before anything else happens. */
function pass(what: string): void {
  if (!crash.isArmed) return
  const nth = (crash.counts.get(what) ?? 0) + 1
  crash.counts.set(what, nth)
  const point = `${what} ${nth}`
  crash.points.push(point)
  if (point === crash.at) process.kill(process.pid, 'SIGKILL')
}

/** Before it, after it, and, where the other side may finish alone, while it is under way. */
async function counted<T>(what: string, work: () => Promise<T>, mayFinishAlone: boolean): Promise<T> {
  pass(`before ${what}`)
  const done = work()
  if (mayFinishAlone) setImmediate(() => pass(`during ${what}`))
  const result = await done
  pass(`after ${what}`)
  return result
}

function countingRuntime(): Runtime {
  const real = makeNodeRuntime()
  const now = () => asInstant(real.now() + clock.offset)
  return { ...real, now, sleep, fetch: (request) => counted(callName(request), () => real.fetch(request), true) }

  /** By the virtual clock: a jump ends it early. */
  async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const until = now() + ms
    while (now() < until && !signal?.aborted) await real.sleep(until - now(), either(clock.jumped.signal, signal))
  }
}

function either(one: AbortSignal, other: AbortSignal | undefined): AbortSignal {
  return other ? AbortSignal.any([one, other]) : one
}

function callName({ method, url }: { method: string; url: string }): string {
  return `${method} ${new URL(url).pathname.replace(/\/(?:ref_|W\d)[^/]*/g, '/…')}`
}

function countingDialect(databaseUrl: string, runtime: Runtime): StoreDialect {
  const url = parseDatabaseUrl(databaseUrl)
  if ('problem' in url) throw new Error(url.problem)
  const base = url.kind === 'sqlite' ? sqliteDialect(url, { runtime }) : mysqlDialect(url, { runtime, log: makeLog({ level: 'error' }) })
  return { ...base, kysely: wrappedDialect(base.kysely, async (connection) => countingConnection(connection, url.kind)) }
}

function countingConnection(connection: DatabaseConnection, kind: StoreDialect['kind']): DatabaseConnection {
  return {
    executeQuery: (query, options) => {
      const name = statementName(query.sql)
      const work = () => connection.executeQuery<never>(query, options)
      return name === undefined ? work() : counted(name, work, kind === 'mysql' && name === 'commit')
    },
    streamQuery: (query, size, options) => connection.streamQuery(query, size, options),
  }
}

/** Its verb and table. The loop's looking whether anything is due comes at any time and does nothing: it has no name. */
function statementName(sql: string): string | undefined {
  if (/min\(.*from .tasks.|^select .task_id. from/.test(sql)) return undefined
  const [verb = ''] = /^\w+/.exec(sql) ?? []
  const [, table = ''] = /(?: from| into|^update) [`"]?(\w+)/.exec(sql) ?? []
  return `${verb} ${table}`.trim()
}
