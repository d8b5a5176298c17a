import { type Certificate, isPair, type KeyObject, readCertificate, readPrivateKey, readPublicKey } from '../../lib/rsa.ts'
import type { Secret } from '../../lib/secret.ts'
import type { Settings } from '../../lib/settings.ts'
import type { WechatV3Credentials } from './account.ts'
import { pemAt } from './pem-at.ts'

const apiV3KeyBytes = 32

/** What v3 signs with, opens with and verifies with; undefined when something of it is missing or wrong, which is told then. */
export function readKeys(settings: Settings) {
  const privateKey = keyFrom(settings, 'WECHAT_PRIVATE_KEY', 'WECHAT_MCH_KEY', readPrivateKey)
  const certificate = merchantCertificate(settings)
  const serialNo = readSerial(settings, { privateKey, certificate })
  const apiV3Key = settings.secret('WECHAT_API_V3_KEY')
  if (!apiV3Key) settings.refuse('WECHAT_API_V3_KEY', 'is missing', '32 characters, set in the merchant platform')
  else if (Buffer.byteLength(apiV3Key.reveal()) !== apiV3KeyBytes)
    settings.refuse(
      'WECHAT_API_V3_KEY',
      `has ${Buffer.byteLength(apiV3Key.reveal())} bytes, not ${apiV3KeyBytes}`,
      '32 characters, set in the merchant platform',
    )
  const publicKey = readPublic(settings)
  return privateKey && serialNo !== undefined && apiV3Key ? { privateKey, serialNo, certificate, apiV3Key, publicKey } : undefined
}

function readSerial(
  settings: Settings,
  { privateKey, certificate }: { privateKey: KeyObject | undefined; certificate: Certificate | undefined },
): string | undefined {
  const given = settings.text('WECHAT_CERT_SERIAL_NO')?.toUpperCase()
  if (given !== undefined && !/^[0-9A-F]{8,64}$/.test(given))
    settings.refuse('WECHAT_CERT_SERIAL_NO', 'is not a serial number in hex', '1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C')
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
    return readCertificate(pemAt(path))
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
    return read(pemAt(path))
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
