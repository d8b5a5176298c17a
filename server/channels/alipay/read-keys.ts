import { readFileSync } from 'node:fs'
import { type AppId, asAppId } from '../../../shared/kernel/ids.ts'
import { isPair, type KeyObject, readCertificate, readPrivateKey, readPublicKey } from '../../lib/rsa.ts'
import type { Settings } from '../../lib/settings.ts'
import type { AlipayApp, AlipayTrust } from './account.ts'

/** An app's number and key; undefined when one of them is missing or wrong, which is told then. */
export function readApp(settings: Settings, idName: string, keyName: string): AlipayApp | undefined {
  const appId = readAppId(settings, idName)
  const privateKey = readKey(settings, keyName, ['PRIVATE KEY', 'RSA PRIVATE KEY'], readPrivateKey)
  if (appId === undefined && settings.text(idName) === undefined) settings.refuse(idName, 'is missing', '2021000000000001')
  if (!privateKey && settings.text(keyName) === undefined)
    settings.refuse(keyName, 'is missing', 'the application’s private key, as the key tool prints it')
  return appId !== undefined && privateKey ? { appId, privateKey } : undefined
}

function readAppId(settings: Settings, name: string): AppId | undefined {
  const text = settings.text(name)
  if (text === undefined) return undefined
  if (!/^\d{16}$/.test(text)) settings.refuse(name, 'is not an app id of 16 digits', '2021000000000001')
  return asAppId(text)
}

/** By certificates when they are given, else by Alipay's key for the app. */
export function readTrust(settings: Settings, apps: readonly [AlipayApp | undefined, AlipayApp | undefined]): AlipayTrust | undefined {
  const names = ['ALIPAY_APP_CERT', 'ALIPAY_CERT', 'ALIPAY_ROOT_CERT'] as const
  const given = names.filter((name) => settings.text(name) !== undefined)
  if (given.length === 0) return readPublic(settings, apps)
  for (const name of names)
    if (!given.includes(name))
      settings.refuse(name, 'is missing; certificate mode needs all three', 'the content of the .crt file, or its path')
  const [appCertificate, alipayCertificate, rootCertificates] = names.map((name) => readPem(settings, name))
  if (!appCertificate || !alipayCertificate || !rootCertificates) return undefined
  const [app] = apps
  if (app && !isPair(app.privateKey, readCertificate(appCertificate).publicKey))
    settings.refuse('ALIPAY_APP_CERT', 'is the certificate of another key than ALIPAY_PRIVATE_KEY', 'appCertPublicKey_2021000000000001.crt')
  return { mode: 'certificate', appCertificate, alipayCertificate, rootCertificates }
}

function readPublic(settings: Settings, apps: ReadonlyArray<AlipayApp | undefined>): AlipayTrust | undefined {
  const publicKey = readKey(settings, 'ALIPAY_PUBLIC_KEY', ['PUBLIC KEY', 'RSA PUBLIC KEY'], readPublicKey)
  if (!publicKey && settings.text('ALIPAY_PUBLIC_KEY') === undefined)
    settings.refuse(
      'ALIPAY_PUBLIC_KEY',
      'is missing, and so are the certificates',
      'Alipay’s public key for the app, from the open platform',
    )
  if (!publicKey) return undefined
  // The commonest mistake of all: the application's own key put where Alipay's belongs.
  if (apps.some((app) => app && isPair(app.privateKey, publicKey))) {
    settings.refuse(
      'ALIPAY_PUBLIC_KEY',
      'is the application’s own public key; Alipay’s key for the app belongs here',
      'Alipay’s public key, shown beside the application’s on the open platform',
    )
    return undefined
  }
  return { mode: 'key', publicKey }
}

/** PEM, or the bare Base64 that the key tool prints; PKCS#8 and PKCS#1. */
function readKey(settings: Settings, name: string, labels: readonly string[], read: (pem: string) => KeyObject): KeyObject | undefined {
  const secret = settings.secret(name)
  if (!secret) return undefined
  const given = secret.reveal().replaceAll('\\n', '\n').trim()
  const candidates = given.includes('-----BEGIN') ? [given] : labels.map((label) => wrapped(label, given))
  for (const pem of candidates) {
    const key = readable(() => read(pem))
    if (key) return key
  }
  settings.refuse(name, 'is no RSA key of at least 2048 bits, neither PEM nor bare Base64', 'as the key tool prints it')
  return undefined
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

function wrapped(label: string, base64: string): string {
  return `-----BEGIN ${label}-----\n${base64.replace(/\s/g, '').replace(/(.{64})/g, '$1\n')}\n-----END ${label}-----\n`
}

/** A certificate's text, or the path of its file. */
function readPem(settings: Settings, name: string): string | undefined {
  const given = settings.text(name)
  if (given === undefined) return undefined
  const text = given.includes('-----BEGIN') ? given.replaceAll('\\n', '\n') : readable(() => readFileSync(given, 'utf8'))
  if (text !== undefined && readable(() => readCertificate(text))) return text
  settings.refuse(name, 'is neither a PEM certificate nor the path of one', '/run/secrets/alipay.crt')
  return undefined
}
