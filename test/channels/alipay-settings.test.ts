import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { alipay } from '../../server/channels/alipay/definition.ts'
import type { AccountSource } from '../../server/channels/channel.ts'
import { ConfigError, readConfig } from '../../server/config/config.ts'
import { makeNodeRuntime } from '../../server/lib/node-runtime.ts'
import { defaultAccount } from '../../shared/kernel/ids.ts'
import { issued } from '../support/alipay-certificates.ts'
import { appId, miniprogramAppId } from '../support/alipay-stand-in.ts'
import { silentLog } from '../support/silent-log.ts'

const day = 24 * 60 * 60 * 1000
const key = (modulusLength = 2048) => generateKeyPairSync('rsa', { modulusLength })
const [app, miniprogram, theirs, root] = [key(), key(), key(), key()]
const pem = (one: KeyObject, type: 'pkcs8' | 'pkcs1' | 'spki' = 'pkcs8') => one.export({ type, format: 'pem' }).toString()
/** As the key tool prints a key: no first and last line, no breaks. */
const bare = (text: string) => text.replace(/-----[^-]+-----|\s/g, '')
const certificate = (holder: KeyObject, serial: string) =>
  issued({
    holder: { key: holder, name: serial },
    issuer: { key: root.privateKey, name: '11' },
    serial,
    from: Date.now() - day,
    to: Date.now() + day,
    mayIssue: serial === '11',
  })
const certificates = () => ({
  ALIPAY_APP_CERT: certificate(app.privateKey, '12'),
  ALIPAY_CERT: certificate(theirs.privateKey, '13'),
  ALIPAY_ROOT_CERT: certificate(root.privateKey, '11'),
})

const own = { PUBLIC_URL: 'https://pay.example.com', SESSION_SECRET: 's'.repeat(32), MASTER_KEY: 'm'.repeat(32) }
const byKey = { ALIPAY_APP_ID: appId, ALIPAY_PRIVATE_KEY: pem(app.privateKey), ALIPAY_PUBLIC_KEY: pem(theirs.publicKey, 'spki') }
const { ALIPAY_PUBLIC_KEY: _, ...withoutKey } = byKey
const tools = {
  account: defaultAccount,
  runtime: makeNodeRuntime(),
  log: silentLog,
  keepsake: { load: async () => undefined, save: async () => {} },
  clockSeen: () => {},
}

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    readConfig<AccountSource>({ ...own, ...environment }, [alipay])
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ name, problem }) => `${name} ${problem}`)
    throw error
  }
  return []
}
const opened = (environment: Record<string, string>) =>
  readConfig<AccountSource>({ ...own, ...environment }, [alipay]).accounts[0]?.source.open(tools)

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'alipay-'))
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await tools.runtime.end()
})

describe('an account on Alipay', () => {
  it.each([
    ['PEM of PKCS#8', pem(app.privateKey)],
    ['PEM of PKCS#1', pem(app.privateKey, 'pkcs1')],
    ['bare Base64 of PKCS#8, as the key tool prints it', bare(pem(app.privateKey))],
    ['bare Base64 of PKCS#1', bare(pem(app.privateKey, 'pkcs1'))],
    ['PEM in one line', pem(app.privateKey).replaceAll('\n', '\\n')],
  ])('takes its private key as %s', (_name, given) => {
    expect(problemsOf({ ...byKey, ALIPAY_PRIVATE_KEY: given })).toEqual([])
  })

  it.each([
    ['PEM', pem(theirs.publicKey, 'spki')],
    ['bare Base64', bare(pem(theirs.publicKey, 'spki'))],
  ])('takes Alipay’s public key as %s', (_name, given) => {
    expect(problemsOf({ ...byKey, ALIPAY_PUBLIC_KEY: given })).toEqual([])
  })

  it('takes certificates by value and by path', () => {
    const paths = Object.entries(certificates()).map(([name, text]) => {
      const path = join(folder, name)
      writeFileSync(path, text)
      return [name, path]
    })

    expect(problemsOf({ ...withoutKey, ...certificates() })).toEqual([])
    expect(problemsOf({ ...withoutKey, ...Object.fromEntries(paths) })).toEqual([])
  })

  it('is found at Alipay, unless it is told where else', () => {
    const at = (environment: Record<string, string>) =>
      opened({ ...byKey, ...environment })?.oauth?.url({ redirectUri: 'https://a.example', state: '' })

    expect(at({})).toContain('https://openauth.alipay.com/oauth2/publicAppAuthorize.htm?')
    expect(at({ ALIPAY_SANDBOX: 'yes', EMULATOR_URL: 'http://127.0.0.1:8601/' })).toContain(
      'http://127.0.0.1:8601/alipay/oauth2/publicAppAuthorize.htm?',
    )
    expect(at({ ALIPAY_SANDBOX: '0', EMULATOR_URL: 'http://127.0.0.1:8601' })).toContain('https://openauth.alipay.com/')
  })

  it('pays to the merchant that is named, or to the app’s', () => {
    expect(opened(byKey)?.merchantRef).toBe(appId)
    expect(opened({ ...byKey, ALIPAY_MCH_ID: '2088101106499364' })?.merchantRef).toBe('2088101106499364')
  })

  it('is none when nothing is said of it', () => {
    expect(opened({ ALIPAY_GATEWAY: 'https://openapi.alipay.com/gateway.do' })).toBeUndefined()
  })
})

describe('what is wrong with an account', () => {
  it.each([
    [
      'its app’s own public key in place of Alipay’s',
      { ALIPAY_PUBLIC_KEY: pem(app.publicKey, 'spki') },
      'ALIPAY_PUBLIC_KEY is the application’s own',
    ],
    [
      'its mini-program’s own public key in place of Alipay’s',
      {
        ALIPAY_MINIPROGRAM_APP_ID: miniprogramAppId,
        ALIPAY_MINIPROGRAM_PRIVATE_KEY: pem(miniprogram.privateKey),
        ALIPAY_PUBLIC_KEY: pem(miniprogram.publicKey, 'spki'),
      },
      'ALIPAY_PUBLIC_KEY is the application’s own',
    ],
    ['no app', { ALIPAY_APP_ID: '' }, 'ALIPAY_APP_ID is missing'],
    ['an app that is none', { ALIPAY_APP_ID: 'wx0123' }, 'ALIPAY_APP_ID is not an app id'],
    ['no private key', { ALIPAY_PRIVATE_KEY: '' }, 'ALIPAY_PRIVATE_KEY is missing'],
    ['no key of Alipay’s and no certificates', { ALIPAY_PUBLIC_KEY: '' }, 'ALIPAY_PUBLIC_KEY is missing'],
    ['a private key that is none', { ALIPAY_PRIVATE_KEY: 'hunter2' }, 'ALIPAY_PRIVATE_KEY is no RSA key'],
    ['a private key that is too short', { ALIPAY_PRIVATE_KEY: pem(key(1024).privateKey) }, 'ALIPAY_PRIVATE_KEY is no RSA key'],
    ['a mini-program without its key', { ALIPAY_MINIPROGRAM_APP_ID: miniprogramAppId }, 'ALIPAY_MINIPROGRAM_PRIVATE_KEY is missing'],
    ['a PID that is none', { ALIPAY_MCH_ID: '1900000001' }, 'ALIPAY_MCH_ID is not a PID'],
    ['a gateway over http', { ALIPAY_GATEWAY: 'http://openapi.alipay.com/gateway.do' }, 'ALIPAY_GATEWAY is not an https address'],
    ['a gateway with a user', { ALIPAY_GATEWAY: 'https://a:b@openapi.alipay.com/gateway.do' }, 'ALIPAY_GATEWAY is not an https address'],
    ['a login page over http', { ALIPAY_OAUTH_URL: 'http://openauth.alipay.com/a.htm' }, 'ALIPAY_OAUTH_URL is not an https address'],
    ['a sandbox nobody knows', { ALIPAY_SANDBOX: '1' }, 'EMULATOR_URL is missing'],
    ['one certificate of three', { ALIPAY_CERT: certificate(theirs.privateKey, '13') }, 'ALIPAY_ROOT_CERT is missing'],
    [
      'a path where nothing is',
      { ...certificates(), ALIPAY_CERT: '/nowhere/alipay.crt' },
      'ALIPAY_CERT is neither a PEM certificate nor the path',
    ],
    [
      'a certificate that is another key’s',
      { ...certificates(), ALIPAY_APP_CERT: certificate(theirs.privateKey, '12') },
      'ALIPAY_APP_CERT is the certificate of another key',
    ],
  ])('is said: %s', (_name, environment, problem) => {
    expect(problemsOf({ ...byKey, ...environment })).toEqual(expect.arrayContaining([expect.stringContaining(problem)]))
  })

  it('is said all at once, and shows nothing of a key', () => {
    const problems = problemsOf({ ALIPAY_APP_ID: 'x', ALIPAY_PRIVATE_KEY: 'hunter2', ALIPAY_PUBLIC_KEY: 'hunter3', ALIPAY_MCH_ID: '1' })

    expect(problems).toHaveLength(4)
    expect(problems.join()).not.toContain('hunter')
  })
})
