import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from '@jest/globals'
import type { AccountSource, ChannelAccount } from '../../../server/channels/channel.ts'
import { wechat } from '../../../server/channels/wechat/definition.ts'
import { ConfigError, readConfig } from '../../../server/config/config.ts'
import { makeNodeRuntime } from '../../../server/lib/node-runtime.ts'
import { defaultAccount } from '../../../shared/kernel/ids.ts'
import { selfSigned } from '../../support/self-signed.ts'
import { silentLog } from '../../support/silent-log.ts'

type Names = Readonly<Record<string, string>>

const folder = mkdtempSync(join(tmpdir(), 'shouyin-wechat-'))
const runtime = makeNodeRuntime()
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await runtime.end()
})

const year = 365 * 24 * 60 * 60 * 1000
const [ours, others] = [newKey('ours'), newKey('others')]
const certificate = fileOf('cert.pem', selfSigned(ours.key, { serial: '1DDE55AD98ED71D6', from: Date.now() - year, to: Date.now() + year }))

function newKey(name: string) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { key: privateKey, pem, path: fileOf(`${name}.pem`, pem) }
}

function fileOf(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const server = { PUBLIC_URL: 'https://pay.example.com', SESSION_SECRET: 's'.repeat(32), MASTER_KEY: 'm'.repeat(32) }
const merchant = { WECHAT_MCH_ID: '1900000001', WECHAT_APP_ID: 'wx00000000000000b2', WECHAT_APP_SECRET: 'secret' }
const v2 = { ...merchant, WECHAT_API_KEY: 'k'.repeat(32) }
const v3 = { ...merchant, WECHAT_API_V3_KEY: 'v'.repeat(32), WECHAT_PRIVATE_KEY: ours.pem, WECHAT_CERT_SERIAL_NO: '1DDE55AD98ED71D6' }
const pair = { WECHAT_MCH_CERT: certificate, WECHAT_MCH_KEY: ours.path }
const provider = { WECHAT_SUB_MCH_ID: '1900000109', WECHAT_SUB_APP_ID: 'wx00000000000000c3' }

function open(environment: Names): ChannelAccount {
  const [account] = readConfig<AccountSource>({ ...server, ...environment }, [wechat]).accounts
  if (!account) throw new Error('no account')
  const keepsake = { load: async () => undefined, save: async () => {} }
  return account.source.open({ account: defaultAccount, runtime, log: silentLog, keepsake, clockSeen: () => {} })
}

function problems(environment: Names): string[] {
  try {
    readConfig<AccountSource>({ ...server, ...environment }, [wechat])
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ name, problem }) => `${name} ${problem}`)
    throw error
  }
}

/** How an account answers shows which version it speaks. */
const versionOf = (environment: Names) => (open(environment).acknowledge({ taken: true }).status === 204 ? 'v3' : 'v2')

describe('the version of the API', () => {
  it.each<[string, Names, string]>([
    ['v3 when only v3’s keys are there', v3, 'v3'],
    ['v3 when both are there', { ...v3, WECHAT_API_KEY: 'k'.repeat(32) }, 'v3'],
    ['v2 when only the v2 key is there, as in accounts of older systems', v2, 'v2'],
    ['v2 when there is a certificate beside, which v2 shows too', { ...v2, ...pair }, 'v2'],
    ['what is said', { ...v3, WECHAT_API_KEY: 'k'.repeat(32), WECHAT_API_VERSION: 'v2' }, 'v2'],
  ])('is %s', (_name, environment, version) => {
    expect(versionOf(environment)).toBe(version)
  })

  it.each<[string, Names, RegExp]>([
    ['is none', { ...v3, WECHAT_API_VERSION: 'v4' }, /^WECHAT_API_VERSION is not a version/],
    ['is v3 and has the v2 key alone', { ...v2, WECHAT_API_VERSION: 'v3' }, /^WECHAT_API_V3_KEY is missing/],
    ['is v2 and has no key', { ...v3, WECHAT_API_VERSION: 'v2' }, /^WECHAT_API_KEY is missing/],
    ['is v2 and its key is short', { ...v2, WECHAT_API_KEY: 'k'.repeat(31) }, /^WECHAT_API_KEY has 31 characters, not 32/],
    ['is v2 and its signature unknown', { ...v2, WECHAT_SIGN_TYPE: 'SHA256' }, /^WECHAT_SIGN_TYPE is SHA256; one of MD5, HMAC-SHA256/],
    ['has half of v3’s public key', { ...v2, WECHAT_PUBLIC_KEY_ID: 'PUB_KEY_ID_01' }, /^WECHAT_API_V3_KEY is missing/],
  ])('that %s is told with its name', (_name, environment, problem) => {
    const found = problems(environment)

    expect(found).toContainEqual(expect.stringMatching(problem))
    expect(found.join()).not.toContain('k'.repeat(8))
  })
})

describe('the certificate that v2 shows', () => {
  it.each<[string, Names]>([
    ['is a pair of files', { ...v2, ...pair }],
    [
      'may have its key beside',
      { ...v2, WECHAT_API_VERSION: 'v2', WECHAT_MCH_CERT: certificate, WECHAT_PRIVATE_KEY: ours.pem.replaceAll('\n', '\\n') },
    ],
    ['is v3’s own, where codes are taken by v2', { ...v3, WECHAT_API_KEY: 'k'.repeat(32), WECHAT_MCH_CERT: certificate }],
  ])('%s', (_name, environment) => {
    expect(problems(environment)).toEqual([])
    expect(open(environment).payTypes).toContain('MICROPAY')
    expect(open(environment).reverse).toBeDefined()
  })

  it.each<[string, Names, RegExp]>([
    ['without its key', { ...v2, WECHAT_MCH_CERT: certificate }, /^WECHAT_MCH_KEY is missing beside WECHAT_MCH_CERT/],
    ['that is a key alone', { ...v2, WECHAT_MCH_KEY: ours.path }, /^WECHAT_MCH_CERT is missing beside WECHAT_MCH_KEY/],
    ['of another key', { ...v2, ...pair, WECHAT_MCH_KEY: others.path }, /^WECHAT_MCH_CERT is the certificate of another key/],
    ['that is no file', { ...v2, ...pair, WECHAT_MCH_CERT: join(folder, 'nothing.pem') }, /^WECHAT_MCH_CERT names no readable file/],
    ['that is no certificate', { ...v2, ...pair, WECHAT_MCH_CERT: ours.path }, /are not a PEM certificate and its key/],
  ])('%s is told with its name', (_name, environment, problem) => {
    expect(problems(environment)).toContainEqual(expect.stringMatching(problem))
  })
})

describe('payments by the payer’s code', () => {
  it.each<[string, Names, boolean]>([
    ['by v2, for who has its key and a certificate', { ...v3, ...pair, WECHAT_API_KEY: 'k'.repeat(32) }, true],
    ['not by v2 without a certificate, since they could not be undone', { ...v3, WECHAT_API_KEY: 'k'.repeat(32) }, false],
    ['not without the v2 key', { ...v3, ...pair }, false],
    ['by v3, where that is said', { ...v3, WECHAT_CODE_PAY: 'v3' }, true],
  ])('are taken %s', (_name, environment, isTaken) => {
    const { payTypes, reverse } = open(environment)

    expect([payTypes.includes('MICROPAY'), reverse !== undefined]).toEqual([isTaken, isTaken])
  })

  it('by a version that is none are told of', () => {
    expect(problems({ ...v3, WECHAT_CODE_PAY: 'yes' })).toEqual(['WECHAT_CODE_PAY is neither v2 nor v3'])
  })
})

describe('a service provider', () => {
  it.each([['v2', v2] as const, ['v3', v3] as const])('by %s takes money for his merchant', (_name, keys) => {
    const account = open({ ...keys, ...provider })

    expect(account.merchantRef).toBe('1900000109')
    expect(account.appIdFor('NATIVE')).toBe('wx00000000000000b2')
  })

  it('whose merchant has a mini-program of his own takes payments there under it', () => {
    const own = { WECHAT_MINIPROGRAM_APP_ID: provider.WECHAT_SUB_APP_ID, WECHAT_MINIPROGRAM_APP_SECRET: 'secret' }
    const account = open({ ...v3, ...provider, ...own })

    expect((['MINIPROGRAM', 'miniprogram', 'JSAPI', 'official'] as const).map((means) => account.appIdFor(means))).toEqual([
      'wx00000000000000c3',
      'wx00000000000000c3',
      'wx00000000000000b2',
      'wx00000000000000b2',
    ])
  })

  it.each<[string, Names, RegExp]>([
    ['without his merchant', { ...v3, WECHAT_SUB_APP_ID: 'wx00000000000000c3' }, /^WECHAT_SUB_MCH_ID is missing beside WECHAT_SUB_APP_ID/],
    ['with a merchant that is no number', { ...v3, ...provider, WECHAT_SUB_MCH_ID: 'x' }, /^WECHAT_SUB_MCH_ID is not a merchant number/],
    ['with an app that is none', { ...v3, ...provider, WECHAT_SUB_APP_ID: 'x' }, /^WECHAT_SUB_APP_ID is not an AppID/],
    [
      'without an app of his own',
      { ...v3, ...provider, WECHAT_APP_ID: 'wx00000000000000c3' },
      /^WECHAT_APP_ID names no app of the provider’s own/,
    ],
  ])('%s is told with the name', (_name, environment, problem) => {
    expect(problems(environment)).toContainEqual(expect.stringMatching(problem))
  })
})

describe('who pays, found out in WeChat’s browser', () => {
  it.each([['v2', v2] as const, ['v3', v3] as const])('by %s is asked of the official account, without asking the payer', (_name, keys) => {
    const { oauth } = open(keys)
    const url = oauth?.url({ redirectUri: 'https://pay.example.com/pay/1?a=1&b=2', state: 'abc123' })

    expect(oauth?.isForOnePayment).toBe(false)
    expect(url).toBe(
      'https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx00000000000000b2' +
        '&redirect_uri=https%3A%2F%2Fpay.example.com%2Fpay%2F1%3Fa%3D1%26b%3D2&response_type=code&scope=snsapi_base&state=abc123#wechat_redirect',
    )
  })

  it('is not, where there is no official account or nobody could ask it', () => {
    expect(open({ ...v3, WECHAT_APP_SECRET: '' }).oauth).toBeUndefined()
    const mini = { WECHAT_MINIPROGRAM_APP_ID: 'wx00000000000000a1', WECHAT_MINIPROGRAM_APP_SECRET: 'secret' }
    expect(open({ ...v3, ...mini, WECHAT_APP_ID: '', WECHAT_APP_SECRET: '' }).oauth).toBeUndefined()
  })
})
