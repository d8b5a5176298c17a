import { CompiledQuery } from 'kysely'
import { makeAccounts } from '../../../server/core/accounts.ts'
import { makeCommit } from '../../../server/core/commit.ts'
import { AppError } from '../../../server/core/error.ts'
import { makeNumbers } from '../../../server/core/numbers.ts'
import { makeRefunds } from '../../../server/core/refunds.ts'
import { makeNodeRuntime } from '../../../server/lib/node-runtime.ts'
import { makeMetrics } from '../../../server/lib/prom-metrics.ts'
import { closeDatabase, openDatabase } from '../../../server/store/database.ts'
import { parseDatabaseUrl } from '../../../server/store/database-url.ts'
import { mysqlDialect } from '../../../server/store/mysql.ts'
import { asOrderId, defaultAccount, defaultMerchant } from '../../../shared/kernel/ids.ts'
import { moneyOf } from '../../../shared/kernel/money.ts'
import { aMerchantNumber } from '../../support/builders.ts'
import { inParallel } from '../../support/deliver.ts'
import { silentLog } from '../../support/silent-log.ts'
import { wrappedDialect } from './wrapped-dialect.ts'

/** What a storming process is told, and what it tells when it is over. */
export type Storm = {
  readonly databaseUrl: string
  readonly isolation: string
  readonly orderIds: readonly string[]
  readonly refundsEach: number
  readonly amountMinor: number
}
export type Stormed = { readonly answers: Readonly<Record<string, number>>; readonly isolation: string; readonly retries: string }

const ordersAtOnce = 4
const yearMs = 365 * 24 * 60 * 60 * 1000

process.once('message', (storm: Storm) => {
  void rage(storm).then((told) => process.send?.(told, () => process.disconnect()))
})

/** The server's own refunds on a store of this process; the channel is one that never answers, so each stays reserved. */
async function rage({ databaseUrl, isolation, orderIds, refundsEach, amountMinor }: Storm): Promise<Stormed> {
  const runtime = makeNodeRuntime()
  const url = parseDatabaseUrl(databaseUrl)
  if ('problem' in url || url.kind !== 'mysql') throw new Error('the levels of isolation are those of MySQL')
  const base = mysqlDialect(url, { runtime, log: silentLog })
  const dialect = {
    ...base,
    kysely: wrappedDialect(base.kysely, async (connection) => {
      await connection.executeQuery(CompiledQuery.raw(`SET SESSION TRANSACTION ISOLATION LEVEL ${isolation}`))
      return connection
    }),
  }
  const metrics = makeMetrics()
  const db = await openDatabase({ url, dialect, runtime, log: silentLog, metrics })
  const refunds = makeRefunds({
    db,
    runtime,
    policy: { latePayment: 'refund', orderNoPrefix: 'D', installation: 'ins_1', notifyUrl: () => 'https://shop.example/notify' },
    accounts: makeAccounts([aSilentAccount()]),
    commit: makeCommit({ db, runtime, afterCommit: () => {} }),
    numbers: makeNumbers({ db, runtime }),
    sendRefund: async () => 'done',
  })
  const answers: Record<string, number> = {}
  const ask = async (orderId: string) => {
    const answer = await refunds.request(defaultMerchant, asOrderId(orderId), { amount: moneyOf(amountMinor, 'CNY') }).then(
      () => 'accepted',
      (error: unknown) => (error instanceof AppError ? error.code : String(error)),
    )
    answers[answer] = (answers[answer] ?? 0) + 1
  }
  await inParallel(orderIds, ordersAtOnce, async (orderId) => {
    await Promise.all(Array.from({ length: refundsEach }, () => ask(orderId)))
  })
  const seen = await db.query.executeQuery<{ level: string }>(CompiledQuery.raw('SELECT @@tx_isolation AS level'))
  const retries = (await metrics.text()).split('\n').filter((line) => line.startsWith('shouyin_db_retries_total{'))
  await closeDatabase(db)
  await runtime.end()
  return { answers, isolation: seen.rows[0]?.level ?? '', retries: retries.join(' ') }
}

function aSilentAccount(): Parameters<typeof makeAccounts>[0][number] {
  const silent = () => Promise.reject(new Error('nobody calls it here'))
  return {
    channel: 'wechat',
    account: defaultAccount,
    label: { zh: '微信支付', en: 'WeChat Pay' },
    payTypes: ['NATIVE'],
    currencies: ['CNY'],
    addressedTo: () => 'unsaid',
    limits: {
      descriptionMaxBytes: 127,
      refundsPerOrder: 50,
      refundWithinMs: yearMs,
      refundIntervalMs: 60_000,
      notFoundIsUnknownMs: 60_000,
    },
    merchantRef: aMerchantNumber,
    appIdFor: () => undefined,
    prepare: silent,
    query: silent,
    close: silent,
    refund: silent,
    queryRefund: silent,
    readNotification: silent,
    acknowledge: () => ({ status: 204, body: '' }),
  }
}
