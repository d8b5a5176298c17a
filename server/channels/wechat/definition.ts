import { readFileSync } from 'node:fs'
import { type AppId, asAppId } from '../../../shared/kernel/ids.ts'
import { isPair, type KeyObject, readCertificate, readPrivateKey, readPublicKey } from '../../lib/rsa.ts'
import type { Secret } from '../../lib/secret.ts'
import type { Settings } from '../../lib/settings.ts'
import type { AccountSource, ChannelDefinition } from '../channel.ts'
import type { WechatV3Credentials } from './account.ts'
import { label } from './label.ts'
import { makeWechatV3 } from './v3/channel.ts'

const officialGateway = 'https://api.mch.weixin.qq.com'
/** Printed on every official API page; the Java SDK fails over to api2.wechatpay.cn instead, so it can be set. */
const officialBackup = 'https://api2.mch.weixin.qq.com'
const officialApiBase = 'https://api.weixin.qq.com'
const apiV3KeyBytes = 32

export const wechat: ChannelDefinition = {
  name: 'wechat',
  label,
  credentials: [
    'WECHAT_MCH_ID',
    'WECHAT_SUB_MCH_ID',
    'WECHAT_SUB_APP_ID',
    'WECHAT_APP_ID',
    'WECHAT_APP_SECRET',
    'WECHAT_MINIPROGRAM_APP_ID',
    'WECHAT_MINIPROGRAM_APP_SECRET',
    'WECHAT_API_KEY',
    'WECHAT_API_V3_KEY',
    'WECHAT_CERT_SERIAL_NO',
    'WECHAT_PRIVATE_KEY',
    'WECHAT_PUBLIC_KEY_ID',
    'WECHAT_PUBLIC_KEY',
    'WECHAT_MCH_CERT',
    'WECHAT_MCH_KEY',
  ],
  settings: [
    'WECHAT_API_VERSION',
    'WECHAT_SIGN_TYPE',
    'WECHAT_GATEWAY',
    'WECHAT_GATEWAY_BACKUP',
    'WECHAT_API_BASE',
    'WECHAT_OPEN_BASE',
    'WECHAT_NOTIFY_URL',
    'WECHAT_SANDBOX',
  ],
  // Members of the JitAi element's e.json and <name>.json, and the rest of the names in their manner.
  folder: {
    type: 'pays.WechatPayType',
    members: {
      mchId: 'WECHAT_MCH_ID',
      apiKey: 'WECHAT_API_KEY',
      appId: 'WECHAT_APP_ID',
      appSecret: 'WECHAT_APP_SECRET',
      miniprogramAppId: 'WECHAT_MINIPROGRAM_APP_ID',
      miniprogramAppSecret: 'WECHAT_MINIPROGRAM_APP_SECRET',
      apiVersion: 'WECHAT_API_VERSION',
      signType: 'WECHAT_SIGN_TYPE',
      subMchId: 'WECHAT_SUB_MCH_ID',
      subAppId: 'WECHAT_SUB_APP_ID',
      apiV3Key: 'WECHAT_API_V3_KEY',
      certSerialNo: 'WECHAT_CERT_SERIAL_NO',
      privateKey: 'WECHAT_PRIVATE_KEY',
      publicKeyId: 'WECHAT_PUBLIC_KEY_ID',
      publicKey: 'WECHAT_PUBLIC_KEY',
      mchCert: 'WECHAT_MCH_CERT',
      mchKey: 'WECHAT_MCH_KEY',
      gateway: 'WECHAT_GATEWAY',
      notifyUrl: 'WECHAT_NOTIFY_URL',
      sandbox: 'WECHAT_SANDBOX',
    },
  },
  fromEnvironment,
}

/** The account that the `WECHAT_…` names describe; undefined when no merchant number is set. */
function fromEnvironment(settings: Settings): AccountSource | undefined {
  const mchid = settings.text('WECHAT_MCH_ID')
  if (mchid === undefined) return undefined
  refuseWhatIsNotServed(settings)
  if (!/^\d{8,12}$/.test(mchid)) settings.refuse('WECHAT_MCH_ID', 'is not a merchant number of 8 to 12 digits', '1900000001')
  const apps = readApps(settings)
  const keys = readKeys(settings)
  const hosts = readHosts(settings)
  if (!keys) return undefined
  const credentials: WechatV3Credentials = { mchid, ...apps, ...keys, ...hosts }
  return { open: (tools) => makeWechatV3(credentials, tools) }
}

function refuseWhatIsNotServed(settings: Settings): void {
  const version = settings.text('WECHAT_API_VERSION') ?? 'v3'
  if (version !== 'v3')
    settings.refuse('WECHAT_API_VERSION', version === 'v2' ? 'v2 is not served yet by this version' : 'is not a version of the API', 'v3')
  if (settings.text('WECHAT_SUB_MCH_ID') !== undefined)
    settings.refuse('WECHAT_SUB_MCH_ID', 'service-provider mode is not served yet by this version; leave it out', '')
}

function readApps(settings: Settings) {
  const official = appId(settings, 'WECHAT_APP_ID')
  const officialSecret = settings.secret('WECHAT_APP_SECRET')
  const miniprogram = appId(settings, 'WECHAT_MINIPROGRAM_APP_ID')
  if (!official && !miniprogram)
    settings.refuse(
      'WECHAT_MINIPROGRAM_APP_ID',
      'is missing, and so is WECHAT_APP_ID: at least one app has to be bound to the merchant',
      'wx0123456789abcdef',
    )
  const secret = settings.secret('WECHAT_MINIPROGRAM_APP_SECRET')
  if (miniprogram && !secret)
    settings.refuse(
      'WECHAT_MINIPROGRAM_APP_SECRET',
      'is missing; nobody could log in from the mini-program',
      '32 characters from the mini-program’s backend',
    )
  // One app alone is whatever the payer comes from.
  return {
    officialAppId: official,
    officialAppSecret: officialSecret,
    miniprogramAppId: miniprogram ?? official,
    miniprogramAppSecret: miniprogram ? secret : officialSecret,
  }
}

function appId(settings: Settings, name: string): AppId | undefined {
  const text = settings.text(name)
  if (text !== undefined && !/^wx[0-9a-zA-Z]{8,30}$/.test(text)) settings.refuse(name, 'is not an AppID', 'wx0123456789abcdef')
  return text === undefined ? undefined : asAppId(text)
}

function readKeys(settings: Settings) {
  const privateKey = keyFrom(settings, 'WECHAT_PRIVATE_KEY', 'WECHAT_MCH_KEY', readPrivateKey)
  const serialNo = readSerial(settings, privateKey)
  const apiV3Key = settings.secret('WECHAT_API_V3_KEY')
  if (!apiV3Key) settings.refuse('WECHAT_API_V3_KEY', 'is missing', '32 characters, set in the merchant platform')
  else if (Buffer.byteLength(apiV3Key.reveal()) !== apiV3KeyBytes)
    settings.refuse(
      'WECHAT_API_V3_KEY',
      `has ${Buffer.byteLength(apiV3Key.reveal())} bytes, not ${apiV3KeyBytes}`,
      '32 characters, set in the merchant platform',
    )
  const publicKey = readPublic(settings)
  return privateKey && serialNo !== undefined && apiV3Key ? { privateKey, serialNo, apiV3Key, publicKey } : undefined
}

function readSerial(settings: Settings, privateKey: KeyObject | undefined): string | undefined {
  const given = settings.text('WECHAT_CERT_SERIAL_NO')?.toUpperCase()
  if (given !== undefined && !/^[0-9A-F]{8,64}$/.test(given))
    settings.refuse('WECHAT_CERT_SERIAL_NO', 'is not a serial number in hex', '1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C')
  const certificate = merchantCertificate(settings)
  if (certificate && privateKey && !isPair(privateKey, certificate.publicKey))
    settings.refuse('WECHAT_MCH_CERT', 'is the certificate of another key than WECHAT_PRIVATE_KEY', '/run/secrets/apiclient_cert.pem')
  if (certificate && given !== undefined && certificate.serial !== given)
    settings.refuse('WECHAT_CERT_SERIAL_NO', 'is not the serial number of the certificate in WECHAT_MCH_CERT', certificate.serial)
  const serialNo = given ?? certificate?.serial
  if (serialNo === undefined)
    settings.refuse(
      'WECHAT_CERT_SERIAL_NO',
      'is missing, and there is no WECHAT_MCH_CERT to take it from',
      '1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C',
    )
  return serialNo
}

function merchantCertificate(settings: Settings) {
  const path = settings.text('WECHAT_MCH_CERT')
  if (path === undefined) return undefined
  try {
    return readCertificate(readFileSync(path, 'utf8'))
  } catch {
    settings.refuse('WECHAT_MCH_CERT', 'names no readable PEM certificate', '/run/secrets/apiclient_cert.pem')
    return undefined
  }
}

function readPublic(settings: Settings): WechatV3Credentials['publicKey'] {
  const id = settings.text('WECHAT_PUBLIC_KEY_ID')
  const pem = settings.secret('WECHAT_PUBLIC_KEY')
  if (id === undefined && pem === undefined) return undefined
  if (id === undefined || !/^PUB_KEY_ID_\d+$/.test(id))
    settings.refuse(
      'WECHAT_PUBLIC_KEY_ID',
      id === undefined ? 'is missing beside WECHAT_PUBLIC_KEY' : 'is not the id of a public key',
      'PUB_KEY_ID_0000000000000024101100397200000006',
    )
  if (pem === undefined) settings.refuse('WECHAT_PUBLIC_KEY', 'is missing beside WECHAT_PUBLIC_KEY_ID', 'the content of pub_key.pem')
  const key = pem && readKey(settings, 'WECHAT_PUBLIC_KEY', pem, readPublicKey)
  return id !== undefined && key ? { id, key } : undefined
}

function keyFrom(settings: Settings, name: string, pathName: string, read: (pem: string) => KeyObject): KeyObject | undefined {
  const pem = settings.secret(name)
  if (pem) return readKey(settings, name, pem, read)
  const path = settings.text(pathName)
  if (path === undefined) {
    settings.refuse(name, 'is missing', 'the content of apiclient_key.pem, or WECHAT_PRIVATE_KEY_FILE with its path')
    return undefined
  }
  try {
    return read(readFileSync(path, 'utf8'))
  } catch {
    settings.refuse(pathName, 'names no readable PEM private key', '/run/secrets/apiclient_key.pem')
    return undefined
  }
}

function readKey(settings: Settings, name: string, pem: Secret, read: (pem: string) => KeyObject): KeyObject | undefined {
  try {
    // Environments that know no line breaks write them as \n.
    return read(pem.reveal().replaceAll('\\n', '\n'))
  } catch (error) {
    settings.refuse(name, error instanceof Error ? error.message : 'cannot be read', 'the content of the PEM file')
    return undefined
  }
}

function readHosts(settings: Settings) {
  const emulator = isOn(settings.text('WECHAT_SANDBOX')) ? settings.text('EMULATOR_URL')?.replace(/\/+$/, '') : undefined
  if (isOn(settings.text('WECHAT_SANDBOX')) && emulator === undefined)
    settings.refuse('EMULATOR_URL', 'is missing; WECHAT_SANDBOX talks to the emulator it names', 'http://127.0.0.1:8601')
  const gateway = origin(settings, 'WECHAT_GATEWAY', emulator ?? officialGateway)
  const backup = settings.text('WECHAT_GATEWAY_BACKUP')
  const backupGateway =
    backup === undefined
      ? gateway === officialGateway
        ? officialBackup
        : undefined
      : origin(settings, 'WECHAT_GATEWAY_BACKUP', officialBackup)
  return { gateway: emulator ?? gateway, backupGateway, apiBase: emulator ?? origin(settings, 'WECHAT_API_BASE', officialApiBase) }
}

function isOn(text: string | undefined): boolean {
  return text !== undefined && text !== '0'
}

/** A secret would travel in clear over http, so that is for this machine only. */
function origin(settings: Settings, name: string, fallback: string): string {
  const text = settings.text(name)
  if (text === undefined) return fallback
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isLocal = url !== undefined && (['localhost', '[::1]'].includes(url.hostname) || url.hostname.startsWith('127.'))
  const isGood =
    url !== undefined && (url.protocol === 'https:' || (url.protocol === 'http:' && isLocal)) && url.search === '' && url.username === ''
  if (!isGood) settings.refuse(name, 'is not an https origin (http is for this machine only)', fallback)
  return text.replace(/\/+$/, '')
}
