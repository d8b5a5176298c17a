import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Data } from '../../support/client.ts'
import { bad, examine, type Given } from '../../support/examine.ts'
import { selfSigned } from '../../support/self-signed.ts'
import { type Shop, startShop } from '../../support/shop.ts'

const day = 24 * 60 * 60 * 1000

let shop: Shop
let folder: string
let otherKey: string
beforeAll(async () => {
  shop = await startShop()
  folder = mkdtempSync(join(tmpdir(), 'shouyin-doctor-'))
  otherKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
})
afterAll(async () => {
  await shop.close()
  rmSync(folder, { recursive: true })
})

const doctor = (given?: Given, more?: Parameters<typeof examine>[2]) => examine(shop, given, more)

function file(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

/** The merchant's certificate as WeChat would have issued it, good between two times from now. */
function certificate(fromMs: number, toMs: number): string {
  const { merchant } = shop.emulator.credentials()
  const now = Date.now()
  const key = createPrivateKey(merchant.privateKey)
  return selfSigned(key, { serial: merchant.serial, from: now + fromMs, to: now + toMs })
}

type Case = [what: string, given: () => Given, finding: string, severity: 'warning' | 'error', remedy: RegExp, zh: RegExp]

describe('what is wrong with WeChat Pay is found, and what to do is said', () => {
  const cases: Case[] = [
    [
      'the serial number of another certificate',
      () => ({ WECHAT_CERT_SERIAL_NO: '7'.repeat(40) }),
      'wechat.serial',
      'error',
      /WECHAT_CERT_SERIAL_NO.+openssl/,
      /序列号/,
    ],
    [
      'a private key of another certificate',
      () => ({ WECHAT_PRIVATE_KEY: otherKey }),
      'wechat.private_key',
      'error',
      /apiclient_key\.pem/,
      /不是一对/,
    ],
    ['another merchant number', () => ({ WECHAT_MCH_ID: '1900000109' }), 'wechat.merchant', 'error', /WECHAT_MCH_ID/, /商户号/],
    [
      'an APIv3 key that is not the merchant’s',
      () => ({ WECHAT_API_V3_KEY: 'w'.repeat(32) }),
      'wechat.apiv3_key',
      'error',
      /set a new APIv3 key/,
      /APIv3/,
    ],
    [
      'the public key of somebody else',
      () => ({ WECHAT_PUBLIC_KEY: publicKeyOf(otherKey) }),
      'wechat.public_key',
      'error',
      /pub_key\.pem/,
      /pub_key\.pem/,
    ],
    [
      'a public key whose id is not the merchant’s',
      () => ({ WECHAT_PUBLIC_KEY_ID: 'PUB_KEY_ID_0100000000000000000000000000000000' }),
      'wechat.public_key',
      'warning',
      /start the switch/,
      /切换/,
    ],
    [
      'an app that is not bound to the merchant',
      () => ({ WECHAT_MINIPROGRAM_APP_ID: 'wx00000000000000f0' }),
      'wechat.appid',
      'error',
      /bind it in the merchant platform/,
      /绑定/,
    ],
    ['a wrong AppSecret', () => ({ WECHAT_APP_SECRET: 'f'.repeat(32) }), 'wechat.app_secret', 'error', /official account/, /AppSecret/],
    [
      'the secrets of official account and mini-program exchanged',
      swappedSecrets,
      'wechat.app_secret',
      'error',
      /Exchange WECHAT_APP_SECRET/,
      /对调/,
    ],
    [
      'one AppID for official account and mini-program, with two secrets',
      oneAppId,
      'wechat.apps',
      'error',
      /its own AppID/,
      /各自的 AppID/,
    ],
    [
      'a certificate that expired',
      () => ({ WECHAT_MCH_CERT: file('expired.pem', certificate(-30 * day, -2 * day)) }),
      'wechat.certificate',
      'error',
      /new certificate/,
      /重新申请/,
    ],
    [
      'a certificate that ends within a month',
      () => ({ WECHAT_MCH_CERT: file('ending.pem', certificate(-300 * day, 20 * day)) }),
      'wechat.certificate',
      'warning',
      /new certificate/,
      /重新申请/,
    ],
    [
      'a certificate that is not good yet',
      () => ({ WECHAT_MCH_CERT: file('early.pem', certificate(2 * day, 300 * day)) }),
      'wechat.certificate',
      'error',
      /clock/,
      /时钟/,
    ],
    [
      'a wrong v2 key',
      () => ({ ...shop.emulator.environmentFor('v2'), WECHAT_API_KEY: 'v'.repeat(32) }),
      'wechat.v2_key',
      'error',
      /WECHAT_API_KEY and WECHAT_SIGN_TYPE/,
      /WECHAT_SIGN_TYPE/,
    ],
    [
      'no certificate for refunds of v2',
      () => ({ ...shop.emulator.environmentFor('v2'), WECHAT_GATEWAY: 'https://127.0.0.1:9' }),
      'wechat.v2_certificate',
      'warning',
      /WECHAT_MCH_CERT and WECHAT_MCH_KEY/,
      /WECHAT_MCH_KEY/,
    ],
    [
      'a certificate for refunds of v2 that expired',
      () => ({
        ...shop.emulator.environmentFor('v2'),
        WECHAT_MCH_CERT: file('expired.pem', certificate(-30 * day, -2 * day)),
        WECHAT_MCH_KEY: file('key.pem', shop.emulator.credentials().merchant.privateKey),
      }),
      'wechat.v2_certificate',
      'error',
      /new certificate/,
      /退款/,
    ],
    ['a gateway that cannot be reached', () => ({ WECHAT_GATEWAY: 'http://127.0.0.1:9' }), 'wechat.signature', 'error', /DNS/, /DNS/],
  ]

  it.each(cases)('%s', async (_what, given, id, severity, remedy, zh) => {
    const ran = await doctor(given())

    const found = bad(ran).find((one) => one.id === id)
    expect(found).toMatchObject({ severity, about: expect.stringMatching(/^wechat\/default/) })
    expect(found?.remedy?.en).toMatch(remedy)
    expect(`${found?.words.zh}${found?.remedy?.zh}`).toMatch(zh)
    expect(ran.code).toBe(bad(ran).some((one) => one.severity === 'error') ? 1 : 0)
  })

  it('an answer by a public key while only certificates are set', async () => {
    shop.emulator.arm({ fault: 'unknown_serial', match: { path: '/v3/pay/transactions/out-trade-no/DOCTOR' }, times: 2 })

    const [found] = bad(await doctor({ WECHAT_PUBLIC_KEY_ID: '', WECHAT_PUBLIC_KEY: '' }))
    shop.emulator.faults.clear()

    expect(found).toMatchObject({ id: 'wechat.public_key', severity: 'error' })
    expect(found?.remedy?.en).toMatch(/WECHAT_PUBLIC_KEY and WECHAT_PUBLIC_KEY_ID/)
  })

  it.each([
    ['an id without its key', { WECHAT_PUBLIC_KEY: '' }, /WECHAT_PUBLIC_KEY: is missing beside WECHAT_PUBLIC_KEY_ID/],
    ['a key without its id', { WECHAT_PUBLIC_KEY_ID: '' }, /WECHAT_PUBLIC_KEY_ID: is missing beside/],
    ['an id with another prefix', { WECHAT_PUBLIC_KEY_ID: 'KEY_0124' }, /is not the id of a public key; for example PUB_KEY_ID_/],
    [
      'a serial number that is not the certificate’s',
      () => ({ WECHAT_MCH_CERT: file('good.pem', certificate(-day, 300 * day)), WECHAT_CERT_SERIAL_NO: '7'.repeat(40) }),
      /is not the serial number of the certificate/,
    ],
    [
      'a certificate of another key',
      () => ({ WECHAT_MCH_CERT: file('good.pem', certificate(-day, 300 * day)), WECHAT_PRIVATE_KEY: otherKey }),
      /the certificate of another key/,
    ],
    [
      'a notify address with a query string',
      { WECHAT_NOTIFY_URL: 'https://pay.example.com/notify?from=wechat' },
      /WECHAT_NOTIFY_URL: is not an address without a query string/,
    ],
  ])('%s is a configuration error: told by name, with 78', async (_what, given, told) => {
    const { code, err } = await doctor(typeof given === 'function' ? given() : given)

    expect(code).toBe(78)
    expect(
      JSON.parse(err)
        .problems.map((one: Data) => `${one.name}: ${one.problem}; for example ${one.example}`)
        .join('\n'),
    ).toMatch(told)
  })
})

function swappedSecrets(): Given {
  const { WECHAT_APP_SECRET = '', WECHAT_MINIPROGRAM_APP_SECRET = '' } = shop.emulator.environment()
  return { WECHAT_APP_SECRET: WECHAT_MINIPROGRAM_APP_SECRET, WECHAT_MINIPROGRAM_APP_SECRET: WECHAT_APP_SECRET }
}

function oneAppId(): Given {
  return { WECHAT_MINIPROGRAM_APP_ID: shop.emulator.environment().WECHAT_APP_ID ?? '' }
}

describe('what is wrong with other channels is found', () => {
  it.each<[string, () => Given, string, string, RegExp]>([
    ['a client key of QFPay that is wrong', () => ({ QFPAY_CLIENT_KEY: 'q'.repeat(32) }), 'qfpay.key', 'error', /QFPAY_CLIENT_KEY/],
    ['a client key of QFPay that was cut off', () => ({ QFPAY_CLIENT_KEY: 'q'.repeat(20) }), 'qfpay.key_form', 'warning', /whole key/],
    [
      'a private key that is not the app’s at Alipay',
      () => ({ ALIPAY_PRIVATE_KEY: otherKey }),
      'alipay.key',
      'error',
      /ALIPAY_PRIVATE_KEY/,
    ],
    ['a public key that is not Alipay’s', () => ({ ALIPAY_PUBLIC_KEY: publicKeyOf(otherKey) }), 'alipay.key', 'error', /ALIPAY_PUBLIC_KEY/],
    ['Alipay’s certificate replaced by the app’s own', appCertificateTwice, 'alipay.root', 'error', /alipayCertPublicKey_RSA2/],
    ['a root that did not issue Alipay’s certificate', otherRoot, 'alipay.root', 'error', /alipayRootCert/],
  ])('%s', async (_what, given, id, severity, remedy) => {
    const found = bad(await doctor(given())).find((one) => one.id === id)

    expect(found).toMatchObject({ severity })
    expect(found?.remedy?.en).toMatch(remedy)
  })
})

function alipayCertificates(): Data {
  const { certificates }: Data = shop.emulator.sides.find((one) => one.channel === 'alipay')?.credentials() ?? {}
  return certificates
}

function appCertificateTwice(): Given {
  const { app, root } = alipayCertificates()
  return { ALIPAY_PUBLIC_KEY: '', ALIPAY_APP_CERT: app, ALIPAY_CERT: app, ALIPAY_ROOT_CERT: root }
}

function otherRoot(): Given {
  const { app, alipay } = alipayCertificates()
  const root = selfSigned(createPrivateKey(otherKey), { serial: '7788', from: Date.now() - day, to: Date.now() + 300 * day, name: 'Root' })
  return { ALIPAY_PUBLIC_KEY: '', ALIPAY_APP_CERT: app, ALIPAY_CERT: alipay, ALIPAY_ROOT_CERT: root }
}

function publicKeyOf(privateKey: string): string {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString()
}
