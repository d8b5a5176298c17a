import { existsSync } from 'node:fs'
import { defaultAccount } from '../shared/kernel/ids.ts'
import type { AccountSource, ChannelAccount } from './channels/channel.ts'
import type { Config, NamedAccount } from './config/config.ts'
import { examine } from './core/doctor/doctor.ts'
import type { Setup } from './core/doctor/parts.ts'
import { storeAway, storeMissing } from './core/doctor/store.ts'
import { makeKeptAccounts } from './core/kept-accounts.ts'
import { type Finding, ok } from './core/rules/finding.ts'
import type { Log, LogRecord } from './lib/log.ts'
import type { PromMetrics } from './lib/prom-metrics.ts'
import type { Runtime } from './lib/runtime.ts'
import { makeSealer } from './lib/seal.ts'
import { closeDatabase, type Database, openDatabase } from './store/database.ts'
import { type DatabaseUrl, parseDatabaseUrl } from './store/database-url.ts'
import { schemaVersions } from './store/migrate.ts'

const storeLimitMs = 8000

type Outside = {
  readonly config: Config<AccountSource>
  readonly runtime: Runtime
  readonly log: Log
  readonly metrics: PromMetrics
  readonly isOnline: boolean
}
type Opened = { readonly db: Database | undefined; readonly findings: readonly Finding[] }

/** The parts of `doctor`: it has to work where the server would not start, so each of them may be missing. */
export async function checkUp({ config, runtime, log, metrics, isOnline }: Outside): Promise<Finding[]> {
  const clockSeen: number[] = []
  const { db, findings } = await openStore({ config, runtime, log, metrics })
  try {
    const sources = config.demo ? [] : config.accounts
    const accounts = sources.map(open)
    const kept = db ? await keptAccounts(db) : { accounts: [], findings: [] }
    const notifyUrls = new Map([...sources, ...kept.accounts.map((one) => one.named)].map((one) => [nameOf(one), one.notifyUrl]))
    return await examine({
      runtime,
      setup: setupOf(config),
      db,
      opening: [...findings, ...kept.findings],
      accounts: [...accounts, ...kept.accounts.map((one) => one.opened)],
      clockSeen,
      isOnline,
      notifyUrl: (channel, account) =>
        notifyUrls.get(nameOf({ channel, account })) ??
        `${config.publicUrl ?? ''}/api/v1/payments/${channel}/notify${account === defaultAccount ? '' : `/${account}`}`,
    })
  } finally {
    if (db) await closeDatabase(db)
  }

  /** With keys of its own, so that nothing is written and a store that is away hinders nobody. */
  function open({ account, source }: NamedAccount<AccountSource>): ChannelAccount {
    const keepsake = { load: async () => undefined, save: async () => {} }
    return source.open({ account, runtime, log, keepsake, clockSeen: (aheadMs) => void clockSeen.push(aheadMs) })
  }

  async function keptAccounts(store: Database) {
    const { applied, known } = await schemaVersions(store)
    if (applied !== known || !config.masterKey) return { accounts: [], findings: [] }
    const told: LogRecord[] = []
    const opened: Array<{ named: NamedAccount<AccountSource>; opened: ChannelAccount }> = []
    const accounts = makeKeptAccounts({
      db: store,
      runtime,
      log: { ...log, error: (record) => void told.push(record) },
      sealer: makeSealer({ masterKey: config.masterKey, masterKeyBefore: config.masterKeyBefore, runtime }),
      read: ({ channel, account, members }) => {
        const result = config.readAccount({ channel, name: account, members })
        if ('problems' in result) return result
        const one = { named: result.account, opened: open(result.account) }
        opened.push(one)
        return { opened: one.opened, notifyUrl: result.account.notifyUrl }
      },
      isTaken: () => false,
    })
    await accounts.refresh()
    return { accounts: opened, findings: told.map(unusable) }
  }
}

/** Neither made nor migrated: a look changes nothing. */
async function openStore({ config, runtime, log, metrics }: Omit<Outside, 'isOnline'>): Promise<Opened> {
  const url = parseDatabaseUrl(config.databaseUrl)
  if ('problem' in url) return { db: undefined, findings: [storeAway(url.problem)] }
  if (url.kind === 'sqlite' && url.path !== ':memory:' && !existsSync(url.path))
    return { db: undefined, findings: [storeMissing(url.path)] }
  try {
    const db = await openDatabase({ url, runtime, log, metrics })
    const problem = await asked(db, runtime)
    if (problem === undefined) return { db, findings: [reachable(url)] }
    await closeDatabase(db)
    return { db: undefined, findings: [storeAway(problem)] }
  } catch (error) {
    return { db: undefined, findings: [storeAway(reasonOf(error))] }
  }
}

/** What is wrong with a store when it is asked something; undefined when it answers in time. */
async function asked(db: Database, runtime: Runtime): Promise<string | undefined> {
  const limit = runtime.deadline(storeLimitMs)
  const silence = new Promise<string>((resolve) =>
    limit.signal.addEventListener('abort', () => resolve(`no answer within ${storeLimitMs} ms`), { once: true }),
  )
  try {
    return await Promise.race([schemaVersions(db).then(() => undefined, reasonOf), silence])
  } finally {
    limit.clear()
  }
}

/** A driver's words name host, user and database, never the password. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function reachable(url: DatabaseUrl): Finding {
  const where = url.kind === 'sqlite' ? url.path : url.hosts.map((one) => `${one.host}:${one.port}`).join(', ')
  return { ...ok('database', '数据库可用', 'the database answers'), about: where }
}

function unusable({ channel, account, problems }: LogRecord): Finding {
  const said = Array.isArray(problems) ? problems.join('; ') : ''
  return {
    id: 'account',
    severity: 'error',
    about: `${String(channel)}/${String(account)}`,
    words: { zh: `数据库中的账户无法使用：${said}`, en: `the account in the database cannot be used: ${said}` },
    remedy: {
      zh: '若更换过 MASTER_KEY，请把旧值填入 MASTER_KEY_PREVIOUS 并运行 npx shouyin reseal；否则用 accounts rotate 更换凭据',
      en: 'If MASTER_KEY was replaced, set MASTER_KEY_PREVIOUS to the old one and run npx shouyin reseal; otherwise replace the credentials with accounts rotate',
    },
  }
}

function setupOf(config: Config): Setup {
  const { demo, publicUrl, host, port, sessionSecret, masterKey, trustedProxies, warnings } = config
  const isEverywhere = host === '0.0.0.0' || host === '::'
  return {
    isDemo: demo,
    publicUrl,
    localOrigin: `http://${isEverywhere ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host}:${port}`,
    sessionSecret,
    masterKey,
    trustsNoProxy: trustedProxies.kind === 'hops' && trustedProxies.hops === 0,
    warnings,
  }
}

function nameOf({ channel, account }: Pick<NamedAccount<unknown>, 'channel' | 'account'>): string {
  return `${channel}/${account}`
}
