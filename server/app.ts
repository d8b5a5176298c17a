import { defaultAccount, defaultMerchant } from '../shared/kernel/ids.ts'
import { type Instant, later } from '../shared/kernel/time.ts'
import type { AccountSource, ChannelAccount } from './channels/channel.ts'
import type { Config, NamedAccount } from './config/config.ts'
import { nameOf } from './core/accounts.ts'
import { makeAlarms } from './core/alarms.ts'
import { makeAskChannel } from './core/ask-channel.ts'
import { makeAttendance } from './core/attendance.ts'
import { makeAudit } from './core/audit.ts'
import { makeBudgets } from './core/budgets.ts'
import { makeCancels } from './core/cancel.ts'
import { makeCashier } from './core/cashier.ts'
import { makeChecks } from './core/check.ts'
import { makeClose } from './core/close.ts'
import { type AfterCommit, makeCommit } from './core/commit.ts'
import { makeDeliverWebhook } from './core/deliver-webhook.ts'
import { makeEvents } from './core/events.ts'
import { makeFigures } from './core/figures.ts'
import { makeHome } from './core/home.ts'
import type { KeptAccounts } from './core/kept-accounts.ts'
import { makeLifeLines } from './core/life-lines.ts'
import { makeLive } from './core/live.ts'
import { makeLogin } from './core/login.ts'
import { makeMendRefunds } from './core/mend-refund.ts'
import { makeNotifications } from './core/notifications.ts'
import { makeNumbers } from './core/numbers.ts'
import { makeOnce } from './core/once.ts'
import { makeOneStepPayments } from './core/one-step.ts'
import { makeOrders } from './core/orders.ts'
import type { Parts as CoreParts, Policy } from './core/parts.ts'
import { makePayPage } from './core/pay-page.ts'
import { makePayerOf } from './core/payer-of.ts'
import { makePrepare } from './core/prepare.ts'
import { makeProducts } from './core/products.ts'
import { makeReadings } from './core/readings.ts'
import { makeReconcile } from './core/reconcile.ts'
import { makeRefunds } from './core/refunds.ts'
import { makeReseal } from './core/reseal.ts'
import { makeResolveUnmatched } from './core/resolve-unmatched.ts'
import { makeReverse } from './core/reverse.ts'
import { type Decision, decision } from './core/rules/decision.ts'
import { makeSendRefund } from './core/send-refund.ts'
import { makeSettle } from './core/settle.ts'
import { makePayments } from './core/start-payment.ts'
import { makeTaskHandlers } from './core/tasks.ts'
import { makeUnmatchedList, makeUnmatchedWatch } from './core/unmatched.ts'
import { makeWebhookEndpoints } from './core/webhook-endpoints.ts'
import { makeHttp } from './http/http.ts'
import { makeApiKeys } from './identity/api-keys.ts'
import { makeOAuthFlows } from './identity/oauth-flows.ts'
import { makeOrderLinks } from './identity/order-links.ts'
import { makeSessions } from './identity/sessions.ts'
import { makeLoops } from './jobs/loops.ts'
import type { BuiltPages } from './lib/built-pages.ts'
import { makeExchanges } from './lib/exchanges.ts'
import { newId } from './lib/ids.ts'
import type { Log } from './lib/log.ts'
import { makeLogScope } from './lib/log-scope.ts'
import { productVersion } from './lib/product-version.ts'
import type { PromMetrics } from './lib/prom-metrics.ts'
import type { Runtime } from './lib/runtime.ts'
import { makeSealer, type Sealer } from './lib/seal.ts'
import type { Secret } from './lib/secret.ts'
import { sendingOn } from './lib/sent-on.ts'
import { openAccounts } from './open-accounts.ts'
import { assertReady, openStore } from './open-store.ts'
import { closeDatabase, type Database } from './store/database.ts'
import type { StoreDialect } from './store/dialect.ts'
import { ensureInstallation } from './store/installation.ts'
import { ensureMerchant } from './store/merchants.ts'

export type App = Awaited<ReturnType<typeof makeApp>>

type Outside = {
  readonly config: Config<AccountSource>
  readonly sources: ReadonlyArray<NamedAccount<AccountSource>>
  readonly runtime: Runtime
  readonly log: Log
  readonly metrics: PromMetrics
  /** The store's driver; without it, the one that DATABASE_URL asks for. */
  readonly dialect?: StoreDialect | undefined
  /** What is served to browsers; without them, a browser is told that they are not built. */
  readonly pages?: BuiltPages | undefined
}

/**
 * Makes every part by hand and hands each what it needs. Nothing runs until `start`.
 *
 * @throws when the database cannot be opened, or holds a newer schema than this program knows.
 */
export async function makeApp({ config, sources, runtime: outerRuntime, log: outerLog, metrics, dialect, pages }: Outside) {
  const scope = makeLogScope()
  const exchanges = makeExchanges()
  const runtime = exchanges.over(sendingOn(outerRuntime, scope))
  const db = await openStore({ config, runtime, log: outerLog, metrics, dialect })
  const log = scope.over(outerLog)
  const alarms = makeAlarms({ log, metrics })
  const sealer = makeSealer({ masterKey: given(config, 'masterKey'), masterKeyBefore: config.masterKeyBefore, runtime })
  const { accounts, keptAccounts } = await openAccounts({ config, sources, db, runtime, log, alarms, sealer })
  const policy = await readPolicy({ config, sources, keptAccounts, db, runtime })
  const live = makeLive({ db, runtime, log })
  const witnesses = [makeFigures(metrics), makeLifeLines(log)]
  const commit = makeCommit({ db, runtime, afterCommit })
  const askChannel = makeAskChannel({ runtime, log, metrics, alarms, exchanges })
  const base = { db, runtime, log, metrics, policy, alarms, accounts, commit, askChannel }
  const { handlers, ...useCases } = makeUseCases({ ...base, config, sealer })
  const here = { publicUrl: config.publicUrl ?? '', instanceId: newId(runtime, 'ins') }
  const home = makeHome({ ...base, ...here, onHome: () => loops.wake({ nextTaskAt: runtime.now(), hasEvents: true }) })
  const loops = makeLoops({ ...base, handlers, mayWork: home.isHere })
  const attendance = makeAttendance({ ...base, ...here, home, keptAccounts, onAccounts: lookAfter, watchMoney: makeUnmatchedWatch(base) })
  const apiKeys = makeApiKeys({ db, runtime, bootstrap: config.bootstrapApiKey })
  const http = makeHttp({
    ...base,
    ...useCases,
    live,
    instanceId: here.instanceId,
    ...doorsOf(config),
    budgets: makeBudgets(base),
    scope,
    merchantName: config.merchantName,
    pages,
    assertReady: () => assertReady(db),
    apiKeys,
  })
  const reseal = makeReseal({ db, sealer, keptAccounts })
  return {
    ...useCases,
    callback: http.callback,
    cashierUrl: useCases.links.url,
    accounts,
    keptAccounts,
    apiKeys,
    reseal,
    home,
    start,
    drain,
  }

  function afterCommit(what: Parameters<AfterCommit>[0]): void {
    for (const tell of witnesses) tell(what.decision)
    live.wake(what.orders)
    loops.wake(what)
  }

  async function start(): Promise<void> {
    makeReadings({ ...base, metrics, build: productVersion() })
    await commit(firstTasks(accounts.all(), runtime.now()))
    loops.start()
    attendance.start()
  }

  /** Accounts that came while it runs are looked after like the others. */
  async function lookAfter(taken: readonly ChannelAccount[]): Promise<void> {
    await commit(firstTasks(taken, runtime.now()))
  }

  /** Finishes what is in flight, gives the tasks back and closes what was opened. */
  async function drain(): Promise<void> {
    live.end()
    await http.drain()
    await attendance.stop()
    await loops.stop()
    for (const account of accounts.all()) await account.end?.()
    await closeDatabase(db)
  }
}

/** The demo makes these when nobody gives them; the configuration asks for them otherwise. */
function given(config: Config, name: 'masterKey' | 'sessionSecret'): Secret {
  const secret = config[name]
  if (!secret) throw new Error(`${name} is missing`)
  return secret
}

/** What the server can do, and what its tasks do later. */
function makeUseCases({ config, sealer, ...base }: CoreParts & { readonly config: Config; readonly sealer: Sealer }) {
  const { runtime } = base
  const settle = makeSettle(base)
  const close = makeClose({ ...base, settle, reverse: makeReverse({ ...base, settle }) })
  const checks = makeChecks({ ...base, settle })
  const sendRefund = makeSendRefund({ ...base, settle, checks })
  const reconcile = makeReconcile({ ...base, settle })
  const outgoing = { sealer, webhook: config.webhook }
  const deliverWebhook = makeDeliverWebhook({ ...base, ...outgoing })
  const numbers = makeNumbers(base)
  const orders = makeOrders({ ...base, numbers })
  const products = makeProducts(base)
  const prepare = makePrepare({ ...base, close, settle })
  const payments = makePayments({ ...base, close, checks, numbers, prepare, payerOf: makePayerOf(base) })
  const cancels = makeCancels({ ...base, close })
  const refunds = makeRefunds({ ...base, sendRefund, numbers })
  const signed = makeSigned(config, runtime)
  return {
    handlers: makeTaskHandlers({ ...base, close, checks, sendRefund, reconcile, deliverWebhook }),
    orders,
    numbers,
    payments,
    checks,
    cancels,
    refunds,
    oneStep: makeOneStepPayments({ ...base, orders, payments, checks, cancels, refunds }),
    mendRefunds: makeMendRefunds({ ...base, settle, checks }),
    reconcile,
    products,
    cashier: makeCashier({ orders, products }),
    notifications: makeNotifications({ ...base, settle }),
    unmatched: makeUnmatchedList(base),
    resolveUnmatched: makeResolveUnmatched(base),
    once: makeOnce({ ...base, ...outgoing }),
    ...signed,
    login: makeLogin({ ...base, ...signed }),
    payPage: makePayPage({ ...base, ...signed, checks, payments }),
    webhookEndpoints: makeWebhookEndpoints({ ...base, ...outgoing }),
    events: makeEvents(base),
    audit: makeAudit(base),
  }
}

/** What we once said and believe again, because nobody else could have written it. */
function makeSigned(config: Config, runtime: Runtime) {
  const secret = given(config, 'sessionSecret')
  return {
    sessions: makeSessions({ secret, runtime }),
    links: makeOrderLinks({ secret, publicUrl: config.publicUrl ?? '' }),
    flows: makeOAuthFlows({ secret, runtime }),
  }
}

/** What every instance sees to that it is being done, for accounts it has from the start or takes up later. */
function firstTasks(accounts: readonly ChannelAccount[], now: Instant): Decision {
  const merchantId = defaultMerchant
  const keys = accounts.filter((account) => account.refreshKeys)
  const billed = accounts.filter((account) => account.bill)
  return decision({
    tasks: [
      ...keys.map((account) => ({ kind: 'keys.refresh', merchantId, subject: nameOf(account), runAt: now }) as const),
      ...billed.map((account) => ({ kind: 'bill.reconcile', merchantId, subject: nameOf(account), runAt: now }) as const),
      { kind: 'store.sweep', merchantId, subject: 'all', runAt: later(now, 60_000) },
    ],
  })
}

/** Where it is reached, who may come in, and how often. */
function doorsOf({ trustedProxies, publicUrl, limits, metricsToken }: Config) {
  return { trustedProxies, publicUrl, limits, metricsToken }
}

async function readPolicy({
  config,
  sources,
  keptAccounts,
  db,
  runtime,
}: Pick<Outside, 'config' | 'sources' | 'runtime'> & { keptAccounts: KeptAccounts; db: Database }): Promise<Policy> {
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
      keptAccounts.notifyUrlOf({ channel, account }) ??
      `${publicUrl}/api/v1/payments/${channel}/notify${account === defaultAccount ? '' : `/${account}`}`,
  }
}
