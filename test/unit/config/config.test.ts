import { describe, expect, it } from '@jest/globals'
import { wechat } from '../../../server/channels/wechat/definition.ts'
import { type AccountReader, type Config, ConfigError, readConfig } from '../../../server/config/config.ts'
import type { Environment, Problem } from '../../../server/config/environment.ts'
import type { Settings } from '../../../server/lib/settings.ts'

/** A channel of the test's own, that reads one name. */
const channel: AccountReader<string> = {
  name: 'wechat',
  credentials: wechat.credentials,
  settings: wechat.settings,
  folder: wechat.folder,
  fromEnvironment(settings: Settings) {
    const mchid = settings.text('WECHAT_MCH_ID')
    if (mchid !== undefined && !/^\d+$/.test(mchid)) settings.refuse('WECHAT_MCH_ID', 'is not a number', '1900000001')
    return mchid
  },
}
const configured: Environment = {
  WECHAT_MCH_ID: '1900000001',
  PUBLIC_URL: 'https://pay.example.com',
  SESSION_SECRET: 's'.repeat(32),
  MASTER_KEY: 'm'.repeat(32),
}
const read = (more: Environment = {}): Config<string> => readConfig({ ...configured, ...more }, [channel])

function problemsOf(environment: Environment): readonly Problem[] {
  try {
    readConfig(environment, [channel])
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

describe('nothing configured', () => {
  it('is the demo, which needs nothing', () => {
    expect(readConfig({}, [channel])).toMatchObject({
      demo: true,
      accounts: [],
      port: 8600,
      emulatorPort: 8601,
      host: '127.0.0.1',
      publicUrl: undefined,
      databaseUrl: 'sqlite:./data/shouyin.sqlite',
      dataFolder: './data',
      sessionSecret: undefined,
      masterKey: undefined,
      bootstrapApiKey: undefined,
      warnings: [],
    })
  })

  it.each([
    ['blank names', { WECHAT_MCH_ID: '', WECHAT_APP_ID: '  ', SESSION_SECRET: '' }],
    ['an address of a channel without credentials', { WECHAT_GATEWAY: 'https://pay.test', WECHAT_SANDBOX: '1' }],
  ])('includes %s', (_name, environment) => {
    expect(readConfig(environment, [channel]).demo).toBe(true)
  })
})

describe('a configured server', () => {
  it('has the values of the contract where nothing is said', () => {
    expect(read()).toMatchObject({
      demo: false,
      accounts: [{ channel: 'wechat', account: 'default', notifyUrl: undefined, source: '1900000001' }],
      host: '0.0.0.0',
      publicUrl: 'https://pay.example.com',
      trustedProxies: { kind: 'hops', hops: 0 },
      orderNoPrefix: 'D',
      latePayment: 'refund',
      wechatSandbox: false,
      emulatorUrl: undefined,
      webhook: { timeoutMs: 15_000, allowPrivate: false },
      migrate: true,
      logLevel: 'info',
    })
  })

  it.each([
    ['PORT', '0', { port: 0 }],
    ['PORT', '65535', { port: 65_535 }],
    ['PUBLIC_URL', 'https://pay.example.com/', { publicUrl: 'https://pay.example.com' }],
    ['PUBLIC_URL', 'http://127.0.0.1:8600', { publicUrl: 'http://127.0.0.1:8600' }],
    ['PUBLIC_URL', 'http://localhost:8600', { publicUrl: 'http://localhost:8600' }],
    ['PUBLIC_URL', 'http://[::1]:8600', { publicUrl: 'http://[::1]:8600' }],
    ['DATABASE_URL', 'mysql://a:b%40c@db1:3306,db2,[::1]:3307/shop', { databaseUrl: 'mysql://a:b%40c@db1:3306,db2,[::1]:3307/shop' }],
    ['TRUSTED_PROXIES', '2', { trustedProxies: { kind: 'hops', hops: 2 } }],
    [
      'TRUSTED_PROXIES',
      '10.0.0.0/8, ::1',
      {
        trustedProxies: {
          kind: 'ranges',
          ranges: [
            { address: '10.0.0.0', prefix: 8 },
            { address: '::1', prefix: 128 },
          ],
        },
      },
    ],
    ['ORDER_NO_PREFIX', 'Shop01', { orderNoPrefix: 'Shop01' }],
    ['LATE_PAYMENT', 'accept', { latePayment: 'accept' }],
    ['WECHAT_NOTIFY_URL', 'https://pay.example.com/notify', { accounts: [{ notifyUrl: 'https://pay.example.com/notify' }] }],
    ['WECHAT_SANDBOX', 'yes', { wechatSandbox: true }],
    ['WECHAT_SANDBOX', '0', { wechatSandbox: false }],
    ['EMULATOR_URL', 'http://emulator:8601/', { emulatorUrl: 'http://emulator:8601' }],
    ['WEBHOOK_TIMEOUT', '60', { webhook: { timeoutMs: 60_000, allowPrivate: false } }],
    ['WEBHOOK_ALLOW_PRIVATE', '1', { webhook: { timeoutMs: 15_000, allowPrivate: true } }],
    ['WEBHOOK_ALLOW_PRIVATE', 'yes', { webhook: { timeoutMs: 15_000, allowPrivate: false } }],
    ['MIGRATE', '0', { migrate: false }],
    ['LOG_LEVEL', 'debug', { logLevel: 'debug' }],
  ])('takes %s=%s', (name, value, expected) => {
    expect(read({ [name]: value })).toMatchObject(expected)
  })

  it('takes a bootstrap key, and the demo’s', () => {
    expect(read({ BOOTSTRAP_API_KEY: 'sk_live_12345678' }).bootstrapApiKey?.reveal()).toBe('sk_live_12345678')
    expect(read({ BOOTSTRAP_API_KEY: 'sk_test_demo' }).bootstrapApiKey?.reveal()).toBe('sk_test_demo')
  })
})

describe('a wrong value', () => {
  it.each([
    ['PORT', '65536', 'is not a port'],
    ['PORT', '-1', 'is not a port'],
    ['PORT', '80a', 'is not a port'],
    ['EMULATOR_PORT', '1e3', 'is not a port'],
    ['PUBLIC_URL', 'http://pay.example.com', 'https origin'],
    ['PUBLIC_URL', 'http://127.evil.example', 'https origin'],
    ['PUBLIC_URL', 'https://pay.example.com/shop', 'https origin'],
    ['PUBLIC_URL', 'https://pay.example.com?', 'https origin'],
    ['PUBLIC_URL', 'https://pay.example.com#top', 'https origin'],
    ['PUBLIC_URL', 'https://user@pay.example.com', 'https origin'],
    ['PUBLIC_URL', 'pay.example.com', 'https origin'],
    ['DATABASE_URL', 'postgres://a:b@c/d', 'is neither sqlite'],
    ['DATABASE_URL', 'sqlite:', 'is neither sqlite'],
    ['DATABASE_URL', 'mysql://a:b@host', 'is neither sqlite'],
    ['DATABASE_URL', 'mysql://a:b@host:99999/d', 'is neither sqlite'],
    ['DATABASE_URL', 'mysql://a:b@host,,/d', 'is neither sqlite'],
    ['DATABASE_URL', 'mysql://a:100%@host/d', 'is neither sqlite'],
    ['SESSION_SECRET', 'x'.repeat(31), 'has 31 bytes; at least 32'],
    ['MASTER_KEY', '密'.repeat(10), 'has 30 bytes; at least 32'],
    ['TRUSTED_PROXIES', '11', 'neither a number of hops'],
    ['TRUSTED_PROXIES', '10.0.0.0/33', 'neither a number of hops'],
    ['TRUSTED_PROXIES', 'nginx', 'neither a number of hops'],
    ['TRUSTED_PROXIES', '10.0.0.1,', 'neither a number of hops'],
    ['ORDER_NO_PREFIX', 'toolong', '1 to 6 letters and digits'],
    ['ORDER_NO_PREFIX', 'D-', '1 to 6 letters and digits'],
    ['LATE_PAYMENT', 'keep', 'one of refund, accept'],
    ['BOOTSTRAP_API_KEY', 'sk_test_1234567', 'is not sk_'],
    ['BOOTSTRAP_API_KEY', 'pk_live_1234567890', 'is not sk_'],
    ['BOOTSTRAP_API_KEY', 'sk_live_123456 7890', 'is not sk_'],
    ['WECHAT_NOTIFY_URL', 'https://pay.example.com/notify?a=1', 'without a query'],
    ['WECHAT_NOTIFY_URL', '/notify', 'without a query'],
    ['WECHAT_NOTIFY_URL', `https://pay.example.com/${'n'.repeat(255)}`, 'at most 255'],
    ['EMULATOR_URL', 'emulator:8601', 'is not an origin'],
    ['WEBHOOK_TIMEOUT', '0', '1 to 60 seconds'],
    ['WEBHOOK_TIMEOUT', '15s', '1 to 60 seconds'],
    ['LOG_LEVEL', 'verbose', 'one of debug'],
    ['WECHAT_MCH_ID', 'mine', 'is not a number'],
  ])('%s=%s is the one problem told', (name, value, words) => {
    expect(problemsOf({ ...configured, [name]: value })).toEqual([
      { name, problem: expect.stringContaining(words), example: expect.stringMatching(/./) },
    ])
  })

  it.each(['PUBLIC_URL', 'SESSION_SECRET', 'MASTER_KEY'])('%s cannot be left out', (name) => {
    expect(problemsOf({ ...configured, [name]: undefined })).toEqual([
      { name, problem: expect.stringContaining('is missing'), example: expect.stringMatching(/./) },
    ])
  })

  it('and every other are told at once, each with its name, what is wrong and an example; the channel’s own, too', () => {
    const wrong = { WECHAT_MCH_ID: 'mine', PORT: 'http', LATE_PAYMENT: 'keep', TRUSTED_PROXIES: 'nginx', MASTER_KEY: 'short' }

    expect(() => readConfig(wrong, [channel])).toThrow(
      new ConfigError([
        { name: 'WECHAT_MCH_ID', problem: 'is not a number', example: '1900000001' },
        { name: 'PORT', problem: 'is not a port from 0 to 65535', example: '8600' },
        { name: 'PUBLIC_URL', problem: 'is missing; channels send their notifications there', example: 'https://pay.example.com' },
        { name: 'SESSION_SECRET', problem: 'is missing', example: '48 random characters, as openssl rand -base64 36 makes them' },
        {
          name: 'MASTER_KEY',
          problem: 'has 5 bytes; at least 32',
          example: '48 random characters, as openssl rand -base64 36 makes them',
        },
        {
          name: 'TRUSTED_PROXIES',
          problem: 'is neither a number of hops nor a list of addresses',
          example: '1, or 10.0.0.0/8,127.0.0.1',
        },
        { name: 'LATE_PAYMENT', problem: 'is keep; one of refund, accept', example: 'refund' },
      ]),
    )
    expect(new ConfigError(problemsOf({ ...configured, PORT: 'http' })).message).toBe(
      'The configuration cannot be used:\n  PORT: is not a port from 0 to 65535; for example 8600',
    )
  })

  it('of a secret, or of an address with a password in it, is not shown', () => {
    const told = JSON.stringify(
      problemsOf({
        ...configured,
        SESSION_SECRET: 'hunter2',
        MASTER_KEY: 'hunter2',
        BOOTSTRAP_API_KEY: 'sk_hunter2',
        DATABASE_URL: 'mysql://root:hunter2@host',
      }),
    )

    expect(told).toContain('BOOTSTRAP_API_KEY')
    expect(told).not.toContain('hunter2')
  })
})

describe('half a set of credentials', () => {
  it.each(['WECHAT_APP_ID', 'WECHAT_API_V3_KEY', 'WECHAT_PRIVATE_KEY'])(
    'with %s alone is no demo: the merchant number is missing',
    (name) => {
      expect(problemsOf({ [name]: 'x', PUBLIC_URL: 'https://a.test', SESSION_SECRET: 's'.repeat(32), MASTER_KEY: 'm'.repeat(32) })).toEqual(
        [{ name: 'WECHAT_MCH_ID', problem: `is missing, but ${name} is set`, example: '1900000001' }],
      )
    },
  )
})
