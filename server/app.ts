import { defaultAccount, defaultMerchant } from '../shared/kernel/ids.ts'
import { later } from '../shared/kernel/time.ts'
import type { AccountSource } from './channels/channel.ts'
import type { Config, NamedAccount } from './config/config.ts'
import { makeAccounts, nameOf } from './core/accounts.ts'
import { makeAlarms } from './core/alarms.ts'
import { makeAskChannel } from './core/ask-channel.ts'
import { makeCancels } from './core/cancel.ts'
import { makeCashier } from './core/cashier.ts'
import { makeChecks } from './core/check.ts'
import { makeClockWatch } from './core/clock-watch.ts'
import { makeClose } from './core/close.ts'
import { makeCommit } from './core/commit.ts'
import { makeLive } from './core/live.ts'
import { makeLogin } from './core/login.ts'
import { makeMendRefunds } from './core/mend-refund.ts'
import { makeNotifications } from './core/notifications.ts'
import { makeNumbers } from './core/numbers.ts'
import { makeOnce } from './core/once.ts'
import { makeOrders } from './core/orders.ts'
import type { Policy } from './core/parts.ts'
import { makePayerOf } from './core/payer-of.ts'
import { makePrepare } from './core/prepare.ts'
import { makeProducts } from './core/products.ts'
import { makeReconcile } from './core/reconcile.ts'
import { makeRefunds } from './core/refunds.ts'
import { makeReverse } from './core/reverse.ts'
import { decision } from './core/rules/decision.ts'
import { makeSendRefund } from './core/send-refund.ts'
import { makeSettle } from './core/settle.ts'
import { makePayments } from './core/start-payment.ts'
import { makeTaskHandlers } from './core/tasks.ts'
import { makeUnmatchedMoney } from './core/unmatched.ts'
import { makeHttp } from './http/http.ts'
import { makeApiKeys } from './identity/api-keys.ts'
import { makeSessions } from './identity/sessions.ts'
import { makeLoop } from './jobs/loop.ts'
import { newId } from './lib/ids.ts'
import type { Log } from './lib/log.ts'
import type { PromMetrics } from './lib/prom-metrics.ts'
import type { Runtime } from './lib/runtime.ts'
import { closeDatabase, type Database, openDatabase } from './store/database.ts'
import { parseDatabaseUrl } from './store/database-url.ts'
import type { StoreDialect } from './store/dialect.ts'
import { ensureInstallation, touchInstallation } from './store/installation.ts'
import { loadKeepsake, saveKeepsake } from './store/keepsakes.ts'
import { ensureMerchant } from './store/merchants.ts'
import { isMigrated, migrate } from './store/migrate.ts'

export type App = Awaited<ReturnType<typeof makeApp>>

type Outside = {
  readonly config: Config
  readonly sources: ReadonlyArray<NamedAccount<AccountSource>>
  readonly runtime: Runtime
  readonly log: Log
  readonly metrics: PromMetrics
  /** The store's driver; without it, the one that DATABASE_URL asks for. */
  readonly dialect?: StoreDialect | undefined
}

/**
 * Makes every part by hand and hands each what it needs. Nothing runs until `start`.
 *
 * @throws when the database cannot be opened, or holds a newer schema than this program knows.
 */
export async function makeApp({ config, sources, runtime, log, metrics, dialect }: Outside) {
  const db = await openStore({ config, runtime, log, metrics, dialect })
  const policy = await readPolicy({ config, sources, db, runtime })
  const alarms = makeAlarms({ log, metrics })
  const accounts = makeAccounts(sources.map((source) => open(source)))
  const live = makeLive({ db, runtime, log })
  const commit = makeCommit({
    db,
    runtime,
    afterCommit: ({ orders, nextTaskAt }) => {
      live.wake(orders)
      if (nextTaskAt !== undefined) loop.wake(nextTaskAt)
    },
  })
  const askChannel = makeAskChannel({ runtime, log, metrics, alarms })
  const base = { db, runtime, log, metrics, policy, alarms, accounts, commit, askChannel }
  const settle = makeSettle(base)
  const close = makeClose({ ...base, settle, reverse: makeReverse({ ...base, settle }) })
  const checks = makeChecks({ ...base, settle })
  const sendRefund = makeSendRefund({ ...base, settle, checks })
  const reconcile = makeReconcile({ ...base, settle })
  const handlers = makeTaskHandlers({ ...base, close, checks, sendRefund, reconcile })
  const loop = makeLoop({ ...base, handlers, owner: newId(runtime, 'run') })
  const numbers = makeNumbers(base)
  const orders = makeOrders({ ...base, numbers })
  const products = makeProducts(base)
  const payments = makePayments({
    ...base,
    close,
    checks,
    numbers,
    prepare: makePrepare({ ...base, close, settle }),
    payerOf: makePayerOf(base),
  })
  if (!config.sessionSecret) throw new Error('SESSION_SECRET is missing')
  const sessions = makeSessions({ secret: config.sessionSecret, runtime })
  const http = makeHttp({
    ...base,
    trustedProxies: config.trustedProxies,
    assertReady: () => assertReady(db),
    orders,
    numbers,
    payments,
    checks,
    cancels: makeCancels({ close }),
    refunds: makeRefunds({ ...base, sendRefund, numbers }),
    mendRefunds: makeMendRefunds({ ...base, settle, checks }),
    reconcile,
    products,
    cashier: makeCashier({ orders, products }),
    notifications: makeNotifications({ ...base, settle }),
    unmatched: makeUnmatchedMoney(base),
    once: makeOnce(base),
    live,
    sessions,
    login: makeLogin({ ...base, sessions }),
    apiKeys: makeApiKeys({ db, bootstrap: config.bootstrapApiKey }),
  })
  return { callback: http.callback, products, reconcile, start, drain }

  function open({ channel, account, source }: NamedAccount<AccountSource>) {
    const kept = nameOf({ channel, account })
    const keepsake = {
      load: (name: string) => loadKeepsake(db, kept, name),
      save: (name: string, text: string) => saveKeepsake(db, { account: kept, name, text, at: runtime.now() }),
    }
    return source.open({ account, runtime, log, keepsake, clockSeen: makeClockWatch(alarms) })
  }

  async function start(): Promise<void> {
    const merchantId = defaultMerchant
    const now = runtime.now()
    const keys = accounts.all().filter((account) => account.refreshKeys)
    const billed = accounts.all().filter((account) => account.bill)
    await commit(
      decision({
        tasks: [
          ...keys.map((account) => ({ kind: 'keys.refresh', merchantId, subject: nameOf(account), runAt: now }) as const),
          ...billed.map((account) => ({ kind: 'bill.reconcile', merchantId, subject: nameOf(account), runAt: now }) as const),
          { kind: 'store.sweep', merchantId, subject: 'all', runAt: later(now, 60_000) },
        ],
      }),
    )
    loop.start()
  }

  /** Finishes what is in flight, gives the tasks back and closes what was opened. */
  async function drain(): Promise<void> {
    live.end()
    await http.drain()
    await loop.stop()
    for (const account of accounts.all()) await account.end?.()
    await closeDatabase(db)
  }
}

async function openStore({ config, runtime, log, metrics, dialect }: Omit<Outside, 'sources'>): Promise<Database> {
  const url = parseDatabaseUrl(config.databaseUrl)
  if ('problem' in url) throw new Error(`DATABASE_URL: ${url.problem}`)
  const db = await openDatabase({ url, dialect, runtime, log, metrics })
  if (config.migrate) await migrate(db)
  return db
}

async function readPolicy({
  config,
  sources,
  db,
  runtime,
}: Pick<Outside, 'config' | 'sources' | 'runtime'> & { db: Database }): Promise<Policy> {
  const at = runtime.now()
  await ensureMerchant(db, { merchantId: defaultMerchant, name: 'default', at })
  const installation = await ensureInstallation(db, newId(runtime, 'ins'))
  const { latePayment, orderNoPrefix, publicUrl } = config
  return {
    latePayment,
    orderNoPrefix,
    installation,
    notifyUrl: (channel, account) =>
      sources.find((one) => one.channel === channel && one.account === account)?.notifyUrl ??
      `${publicUrl}/api/v1/payments/${channel}/notify${account === defaultAccount ? '' : `/${account}`}`,
  }
}

async function assertReady(db: Database): Promise<void> {
  if (!(await isMigrated(db))) throw new Error('the schema is not this program’s')
  await touchInstallation(db)
}
