import { makeApp } from '../../server/app.ts'
import type { AccountSource } from '../../server/channels/channel.ts'
import { channelRegistry, isChannelDefinition } from '../../server/channels/registry.ts'
import { readConfig } from '../../server/config/config.ts'
import { readPayFolders } from '../../server/config/pays-folder.ts'
import { seedGoods } from '../../server/demo/goods.ts'
import { type RunningEmulator, startEmulator } from '../../server/emulator/listen.ts'
import { makeEmulatorRuntime, type OutgoingPost } from '../../server/emulator/runtime.ts'
import { listen } from '../../server/http/listen.ts'
import { loadPages } from '../../server/lib/built-pages.ts'
import type { Log, LogRecord } from '../../server/lib/log.ts'
import { makeNodeRuntime } from '../../server/lib/node-runtime.ts'
import { makeMetrics } from '../../server/lib/prom-metrics.ts'
import { closeDatabase } from '../../server/store/database.ts'
import { defaultAccount } from '../../shared/kernel/ids.ts'
import { asInstant } from '../../shared/kernel/time.ts'
import { type Data, makeClient } from './client.ts'
import { freshDatabase, openUrl, storeKind } from './databases.ts'
import { freePort } from './mariadb.ts'

export const apiKey = 'sk_test_shop_0001'

export type Shop = Awaited<ReturnType<typeof startShop>>

/** A whole shop: the server on a store of its own, listening, and the emulated WeChat Pay beside it, under clocks that can be moved. */
export async function startShop({
  environment = {},
  store = storeKind,
  mode,
  withApiKey = false,
  alipayBy = 'key',
}: {
  environment?: Record<string, string>
  store?: typeof storeKind
  /** API v2, or a service provider, in place of the usual merchant of API v3. */
  /** The merchant's v2 key beside v3. */
  withApiKey?: boolean
  /** How Alipay's signatures are verified. */
  alipayBy?: 'key' | 'certificate'
  mode?: 'v2' | 'partner' | 'partner-v2' | undefined
} = {}) {
  const clock = { offset: 0 }
  const mail: Mail = { isHeld: false, letters: [] }
  const emulated = {
    ...makeEmulatorRuntime(),
    post: (letter: OutgoingPost) => (mail.isHeld ? hold(mail, letter) : makeEmulatorRuntime().post(letter)),
  }
  const emulator = await startEmulator({ port: 0, runtime: emulated })
  const database = await freshDatabase(store)
  const logged: LogRecord[] = []
  const built = await loadPages()
  if ('problem' in built) throw new Error(built.problem)
  const pages = built
  let server = await startServer()
  const client = makeClient(
    () => server.origin,
    emulator,
    apiKey,
    () => (mode === undefined ? emulator.emulator.environment() : emulator.emulator.environmentFor(mode)),
  )
  return {
    ...client,
    key: apiKey,
    databaseUrl: database.url,
    secrets,
    emulatorOrigin: emulator.origin,
    emulator: emulator.emulator,
    logged,
    mail,
    origin: () => server.origin,
    metrics: () => server.metrics.text(),
    /** A login code of another wallet. */
    loginCode: (channel: 'alipay', person: string) => loginCodeOf(channel, person, emulator),
    alipayOpenid: (person: string) => sideOf('alipay', emulator).openid(loginCodeOf('alipay', person, emulator)),
    side: (channel: 'qfpay' | 'alipay') => sideOf(channel, emulator),
    /** What a payer's phone shows at a counter. */
    showCode: (wallet: string, person = 'alice') => emulator.emulator.showCode(wallet, person),
    /** Moves both clocks. */
    advance: async (ms: number) => {
      clock.offset += ms
      await emulator.emulator.advance(ms)
    },
    /** Ends the server as a crash leaves it in the store, and starts a new one on it. */
    restart: async () => {
      await server.stop()
      server = await startServer()
    },
    query: async <T>(work: (db: Awaited<ReturnType<typeof openUrl>>) => Promise<T>): Promise<T> => {
      const db = await openUrl(database.url)
      try {
        return await work(db)
      } finally {
        await closeDatabase(db)
      }
    },
    close: async () => {
      await server.stop()
      await emulator.close()
      await database.drop()
    },
  }

  async function startServer() {
    const port = await freePort()
    const config = readConfig<AccountSource>(
      {
        ...emulator.emulator.environment(),
        ...(mode === undefined ? {} : emulator.emulator.environmentFor(mode)),
        PORT: String(port),
        HOST: '127.0.0.1',
        PUBLIC_URL: `http://127.0.0.1:${port}`,
        DATABASE_URL: database.url,
        ...secrets,
        BOOTSTRAP_API_KEY: apiKey,
        ...environment,
        ...(alipayBy === 'certificate' ? certificatesOf(emulator) : {}),
        ...(withApiKey ? { WECHAT_API_KEY: emulator.emulator.credentials().apiKey } : {}),
      },
      channelRegistry,
      environment.PAYS_FOLDER === undefined ? [] : await readPayFolders(environment, isChannelDefinition),
    )
    const real = makeNodeRuntime()
    const runtime = { ...real, now: () => asInstant(real.now() + clock.offset) }
    const metrics = makeMetrics()
    const app = await makeApp({ config, sources: config.accounts, runtime, log: recorder(logged), metrics, pages })
    await seedGoods(app.products)
    const listening = await listen(app.callback(), { port, host: '127.0.0.1' })
    await app.start()
    return {
      origin: listening.origin,
      metrics,
      stop: async () => {
        await listening.close()
        await app.drain()
        await real.end()
      },
    }
  }
}

function loginCodeOf(channel: 'alipay', person: string, { emulator }: RunningEmulator): string {
  return emulator.sides.find((one) => one.channel === channel)?.loginCode?.(person) ?? ''
}

/** What certificate mode sets in place of Alipay's key. */
function certificatesOf({ emulator }: RunningEmulator): Record<string, string> {
  const { certificates }: Data = emulator.sides.find((one) => one.channel === 'alipay')?.credentials() ?? {}
  return { ALIPAY_PUBLIC_KEY: '', ALIPAY_APP_CERT: certificates.app, ALIPAY_CERT: certificates.alipay, ALIPAY_ROOT_CERT: certificates.root }
}

/** Another channel's own side, and what a payer's browser does with its pages. */
function sideOf(channel: 'qfpay' | 'alipay', { emulator }: RunningEmulator) {
  const side = emulator.sides.find((one) => one.channel === channel)
  if (!side) throw new Error(`the emulator has no ${channel}`)
  const config = readConfig<AccountSource>({ ...emulator.environment(), PUBLIC_URL: 'http://127.0.0.1:1', ...secrets }, channelRegistry)
  const source = config.accounts.find((one) => one.channel === channel)?.source
  const oauth = source?.open({
    account: defaultAccount,
    runtime: makeNodeRuntime(),
    log: recorder([]),
    keepsake: { load: async () => undefined, save: async () => {} },
    clockSeen: () => {},
  }).oauth
  if (!oauth) throw new Error(`${channel} has no OAuth`)
  return {
    find: (code: string) => side.find(code),
    oauthUrl: (redirectUri: string) => oauth.url({ redirectUri, state: 's1' }),
    openid: async (code: string) => (await oauth.openId({ code })).openId,
  }
}

/** Strong ones, as `doctor` wants them. */
export const masterKey = 'Vb6kXr3ZtQ8hNw1YmPj5SgCf9DaLe2Uo'
const secrets = { SESSION_SECRET: 'Jx4vQ0nT7sYb2KfWm9RzLc5Hd1GpEuAo', MASTER_KEY: masterKey }

/** Notifications on their way: held back, they wait here for a test to deliver them as it likes. */
export type Mail = { isHeld: boolean; letters: OutgoingPost[] }

async function hold(mail: Mail, letter: OutgoingPost): Promise<{ status: number }> {
  mail.letters.push(letter)
  return { status: 204 }
}

function recorder(into: LogRecord[]): Log {
  const take = (record: LogRecord) => void into.push(record)
  return { debug: take, info: take, warn: take, error: take, child: () => recorder(into) }
}
