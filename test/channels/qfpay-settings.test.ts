import { afterAll, describe, expect, it } from '@jest/globals'
import { qfpay } from '../../server/channels/qfpay/definition.ts'
import { makeNodeRuntime } from '../../server/lib/node-runtime.ts'
import { Secret } from '../../server/lib/secret.ts'
import type { Settings } from '../../server/lib/settings.ts'
import { defaultAccount } from '../../shared/kernel/ids.ts'
import { appCode, clientKey } from '../support/qfpay-stand-in.ts'
import { silentLog } from '../support/silent-log.ts'

const runtime = makeNodeRuntime()
afterAll(() => runtime.end())

const keepsake = { load: async () => undefined, save: async () => {} }
const tools = { account: defaultAccount, runtime, log: silentLog, keepsake, clockSeen: () => {} }
const enough = { QFPAY_APP_CODE: appCode, QFPAY_CLIENT_KEY: clientKey }

type Environment = Readonly<Record<string, string>>
const read = (environment: Environment) => {
  const problems: string[] = []
  const textOf = (name: string) => environment[name]?.trim() || undefined
  const settings: Settings = {
    text: textOf,
    secret: (name) => {
      const text = textOf(name)
      return text === undefined ? undefined : new Secret(text)
    },
    seal: (value: string) => new Secret(value),
    refuse: (name, problem, example) => void problems.push(`${name} ${problem}, as ${example}`),
  }
  return { account: qfpay.fromEnvironment(settings)?.open(tools), problems }
}
const oauthAt = (environment: Environment) =>
  read({ ...enough, ...environment }).account?.oauth?.url({ redirectUri: 'https://a.example', state: '' })

describe('an account on QFPay', () => {
  it('needs an app code and a key, and is in Hong Kong then', () => {
    const { account, problems } = read(enough)

    expect(problems).toEqual([])
    expect(account).toMatchObject({
      channel: 'qfpay',
      currencies: ['HKD'],
      merchantRef: appCode,
      payTypes: ['NATIVE', 'JSAPI', 'MINIPROGRAM', 'MWEB', 'APP', 'PAGE', 'MICROPAY'],
    })
    expect(oauthAt({})).toContain('https://openapi-hk.qfapi.com/tool/v1/get_weixin_oauth_code?')
  })

  it('is found where it is told, with the merchant number it was issued', () => {
    expect(oauthAt({ QFPAY_GATEWAY: 'https://test-openapi-hk.qfapi.com/' })).toContain('https://test-openapi-hk.qfapi.com/tool/v1/')
    expect(read({ ...enough, QFPAY_MCHID: 'ZaMVg12345' }).account?.merchantRef).toBe('ZaMVg12345')
  })

  it.each(['AED', 'AUD', 'CAD', 'CNY', 'EUR', 'HKD', 'JPY', 'MYR', 'SGD', 'THB', 'USD'])('takes %s', (currency) => {
    expect(read({ ...enough, QFPAY_CURRENCY: currency })).toMatchObject({ problems: [], account: { currencies: [currency] } })
  })

  it.each(['https://openapi.example', 'http://127.0.0.1:8601/qfpay', 'http://localhost:8601', 'http://[::1]:8601'])(
    'is found at %s',
    (gateway) => {
      expect(read({ ...enough, QFPAY_GATEWAY: gateway, QFPAY_DIRECT_URL: `${gateway}/q/direct` }).problems).toEqual([])
    },
  )

  it.each([
    ['a list', 'NATIVE=800101, JSAPI=800207 ,MICROPAY=800008'],
    ['JSON', '{"NATIVE": "800101", "JSAPI": 800207, "MICROPAY": "800008"}'],
  ])('takes pay types and rules of its own as %s', (_name, types) => {
    expect(read({ ...enough, QFPAY_PAY_TYPES: types, QFPAY_CLOSE_RULES: '800101=reversal,800201=close' }).problems).toEqual([])
    expect(read({ ...enough, QFPAY_CLOSE_RULES: '{"800101":"reversal"}' }).problems).toEqual([])
  })

  it('runs under the merchant’s own apps, or those of WeChat Pay, or QFPay’s', () => {
    const apps = (environment: Environment) => {
      const { account } = read({ ...enough, ...environment })
      return [account?.appIdFor('JSAPI'), account?.appIdFor('MINIPROGRAM')]
    }

    expect(apps({})).toEqual(['qfpay', 'qfpay'])
    expect(apps({ WECHAT_APP_ID: 'wxa', WECHAT_MINIPROGRAM_APP_ID: 'wxb' })).toEqual(['wxa', 'wxb'])
    expect(apps({ QFPAY_APP_ID: 'wxc', QFPAY_MINIPROGRAM_APP_ID: 'wxd', WECHAT_APP_ID: 'wxa' })).toEqual(['wxc', 'wxd'])
  })

  it('is none when nothing is said of it', () => {
    expect(read({ QFPAY_GATEWAY: 'https://openapi-hk.qfapi.com', QFPAY_CURRENCY: 'HKD' })).toEqual({ account: undefined, problems: [] })
  })
})

describe('what is wrong with an account', () => {
  it.each([
    ['no app code', { QFPAY_APP_CODE: '' }, 'QFPAY_APP_CODE is missing'],
    ['an app code that is none', { QFPAY_APP_CODE: 'wx0123' }, 'QFPAY_APP_CODE is not 32 hex characters'],
    ['no key', { QFPAY_CLIENT_KEY: '' }, 'QFPAY_CLIENT_KEY is missing'],
    ['a merchant number that is too long', { QFPAY_MCHID: 'A'.repeat(17) }, 'QFPAY_MCHID is not up to 16 letters and digits'],
    ['a currency nobody knows', { QFPAY_CURRENCY: 'XXX' }, 'QFPAY_CURRENCY is XXX'],
    ['the name QFPay once had for one', { QFPAY_CURRENCY: 'RMB' }, 'QFPAY_CURRENCY is RMB'],
    ['a currency whose smallest unit nobody says: IDR', { QFPAY_CURRENCY: 'IDR' }, 'QFPAY_CURRENCY is IDR'],
    ['a currency whose smallest unit nobody says: MMK', { QFPAY_CURRENCY: 'MMK' }, 'QFPAY_CURRENCY is MMK'],
    ['another way of signing', { QFPAY_SIGN_TYPE: 'RSA2' }, 'QFPAY_SIGN_TYPE is RSA2'],
    ['the right way in the wrong case', { QFPAY_SIGN_TYPE: 'md5' }, 'QFPAY_SIGN_TYPE is md5'],
    ['a zone by its name', { QFPAY_TIME_ZONE: 'Asia/Hong_Kong' }, 'QFPAY_TIME_ZONE is not an offset'],
    ['a gateway in clear', { QFPAY_GATEWAY: 'http://openapi-hk.qfapi.com' }, 'QFPAY_GATEWAY is not an https address'],
    ['a gateway that only looks local', { QFPAY_GATEWAY: 'http://127.example.com' }, 'QFPAY_GATEWAY is not an https address'],
    ['a gateway that is no address', { QFPAY_GATEWAY: 'openapi-hk' }, 'QFPAY_GATEWAY is not an https address'],
    ['a cashier in clear', { QFPAY_DIRECT_URL: 'http://o2-hk.qfapi.com/q/direct' }, 'QFPAY_DIRECT_URL is not an https address'],
    ['a pay type that is none of ours', { QFPAY_PAY_TYPES: 'FACE=800201' }, 'QFPAY_PAY_TYPES is not a list'],
    ['a pay type that is none of QFPay’s', { QFPAY_PAY_TYPES: 'NATIVE=8002' }, 'QFPAY_PAY_TYPES is not a list'],
    ['pay types that are no JSON', { QFPAY_PAY_TYPES: '{"NATIVE"' }, 'QFPAY_PAY_TYPES is not a list'],
    ['a rule nobody knows', { QFPAY_CLOSE_RULES: '800201=cancel' }, 'QFPAY_CLOSE_RULES is not a list'],
  ])('%s is told, with an example', (_name, wrong, problem) => {
    const { problems } = read({ ...enough, ...wrong })

    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(problem)
    expect(problems[0]).toMatch(/, as \S/)
  })

  it('is all told at once, and no key with it', () => {
    const { problems } = read({ QFPAY_CLIENT_KEY: clientKey, QFPAY_CURRENCY: 'XXX', QFPAY_SIGN_TYPE: 'RSA', QFPAY_GATEWAY: 'x' })

    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
      'QFPAY_APP_CODE',
      'QFPAY_SIGN_TYPE',
      'QFPAY_CURRENCY',
      'QFPAY_GATEWAY',
    ])
    expect(problems.join()).not.toContain(clientKey)
  })
})
