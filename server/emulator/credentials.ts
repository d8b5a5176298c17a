import { createHmac } from 'node:crypto'
import type { EmulatorRuntime, RsaPair } from './runtime.ts'
import { makeCertificate } from './x509.ts'

const year = 365 * 24 * 60 * 60 * 1000

export type PlatformCertificate = {
  readonly serial: string
  readonly pem: string
  readonly privateKey: string
  readonly notBefore: number
  readonly notAfter: number
}

export type App = { readonly kind: 'miniprogram' | 'official'; readonly appid: string; readonly secret: string }

/** Both sides' keys: the merchant's, whose private one the emulator only hands out, and the platform's, which it signs with. */
export type EmulatorCredentials = {
  readonly mchid: string
  readonly apps: readonly App[]
  readonly apiV3Key: string
  /** For API v2. */
  readonly apiKey: string
  /** A merchant for whom this one can ask as a service provider. */
  readonly sub: { readonly mchid: string; readonly apps: readonly App[] }
  readonly merchant: { readonly privateKey: string; readonly certificate: string; readonly serial: string }
  readonly publicKey: { readonly id: string; readonly publicKey: string; readonly privateKey: string }
  /** Three pairs for Alipay's side, where they are at hand; otherwise they are made. */
  readonly alipayKeys?: readonly RsaPair[] | undefined
  /** Newest last. */
  readonly certificates: readonly PlatformCertificate[]
}

/** People who have WeChat here from the start. */
export const people = ['alice', 'bob', 'carol'] as const

export async function makeCredentials(runtime: EmulatorRuntime): Promise<EmulatorCredentials> {
  const [merchant, publicKey, certificate] = await Promise.all([
    runtime.makeRsaPair(),
    runtime.makeRsaPair(),
    makePlatformCertificate(runtime, runtime.now()),
  ])
  const serial = hex(runtime, 20)
  const now = runtime.now()
  return {
    mchid: `16${digits(runtime, 8)}`,
    apps: [makeApp(runtime, 'miniprogram'), makeApp(runtime, 'official')],
    apiV3Key: hex(runtime, 16),
    ...makeLaterCredentials(runtime),
    merchant: {
      privateKey: merchant.privateKey,
      certificate: makeCertificate({
        privateKeyPem: merchant.privateKey,
        serialHex: serial,
        commonName: 'emulated merchant',
        notBefore: now - year,
        notAfter: now + 5 * year,
      }),
      serial,
    },
    publicKey: { id: `PUB_KEY_ID_01${digits(runtime, 30)}`, publicKey: publicKey.publicKey, privateKey: publicKey.privateKey },
    certificates: [certificate],
  }
}

/** What older state files lack. */
export function makeLaterCredentials(runtime: EmulatorRuntime): Pick<EmulatorCredentials, 'apiKey' | 'sub'> {
  return {
    apiKey: hex(runtime, 16).toLowerCase(),
    sub: { mchid: `17${digits(runtime, 8)}`, apps: [makeApp(runtime, 'miniprogram'), makeApp(runtime, 'official')] },
  }
}

function makeApp(runtime: EmulatorRuntime, kind: App['kind']): App {
  return { kind, appid: `wx${hex(runtime, 8).toLowerCase()}`, secret: hex(runtime, 16).toLowerCase() }
}

/** The apps of both, in which somebody can log in. */
export function allApps({ apps, sub }: EmulatorCredentials): readonly App[] {
  return [...apps, ...sub.apps]
}

/** A certificate of the platform, good for five years as the real ones are. */
export async function makePlatformCertificate(runtime: EmulatorRuntime, now: number): Promise<PlatformCertificate> {
  const { privateKey } = await runtime.makeRsaPair()
  const serial = hex(runtime, 20)
  const [notBefore, notAfter] = [now - 24 * 60 * 60 * 1000, now + 5 * year]
  return {
    serial,
    pem: makeCertificate({ privateKeyPem: privateKey, serialHex: serial, commonName: 'emulated WeChat Pay', notBefore, notAfter }),
    privateKey,
    notBefore,
    notAfter,
  }
}

/** The one openid a person has in an app. */
export function openidOf({ apiV3Key }: EmulatorCredentials, appid: string, person: string): string {
  return `o${createHmac('sha256', apiV3Key).update(`${appid} ${person}`).digest('base64url').replace(/-/g, 'x').slice(0, 27)}`
}

/** Everything a client needs, as the environment names of a server that is pointed here. */
export function environmentOf(credentials: EmulatorCredentials, origin: string): Record<string, string> {
  const app = (kind: 'miniprogram' | 'official') => credentials.apps.find((one) => one.kind === kind)
  return {
    WECHAT_GATEWAY: origin,
    WECHAT_API_BASE: origin,
    WECHAT_OPEN_BASE: origin,
    WECHAT_MCH_ID: credentials.mchid,
    WECHAT_CERT_SERIAL_NO: credentials.merchant.serial,
    WECHAT_PRIVATE_KEY: credentials.merchant.privateKey,
    WECHAT_API_V3_KEY: credentials.apiV3Key,
    WECHAT_PUBLIC_KEY_ID: credentials.publicKey.id,
    WECHAT_PUBLIC_KEY: credentials.publicKey.publicKey,
    WECHAT_MINIPROGRAM_APP_ID: app('miniprogram')?.appid ?? '',
    WECHAT_MINIPROGRAM_APP_SECRET: app('miniprogram')?.secret ?? '',
    WECHAT_APP_ID: app('official')?.appid ?? '',
    WECHAT_APP_SECRET: app('official')?.secret ?? '',
  }
}

/** The same merchant by API v2, or as a service provider: what is set beside, or instead of, the usual names. */
export function environmentFor(
  mode: 'v2' | 'partner' | 'partner-v2',
  credentials: EmulatorCredentials,
  origin: string,
): Record<string, string> {
  const usual = environmentOf(credentials, origin)
  const app = credentials.sub.apps.find((one) => one.kind === 'miniprogram')
  return {
    ...usual,
    ...(mode === 'partner' ? {} : { WECHAT_API_VERSION: 'v2', WECHAT_API_KEY: credentials.apiKey }),
    ...(mode === 'v2' ? {} : partnerNames(credentials.sub.mchid, app)),
  }
}

/** The mini-program is the merchant's own, the official account the provider's. */
function partnerNames(mchid: string, app: App | undefined): Record<string, string> {
  const names = { WECHAT_SUB_MCH_ID: mchid, WECHAT_SUB_APP_ID: app?.appid ?? '' }
  return { ...names, WECHAT_MINIPROGRAM_APP_ID: app?.appid ?? '', WECHAT_MINIPROGRAM_APP_SECRET: app?.secret ?? '' }
}

function hex(runtime: EmulatorRuntime, bytes: number): string {
  const text = Buffer.from(runtime.randomBytes(bytes)).toString('hex').toUpperCase()
  // A serial number that begins with zeros prints shorter elsewhere.
  return text.startsWith('0') ? `7${text.slice(1)}` : text
}

export function digits(runtime: EmulatorRuntime, count: number): string {
  return Array.from(runtime.randomBytes(count), (byte) => String(byte % 10)).join('')
}
