import { readFileSync } from 'node:fs'
import { isPair, readCertificate, readPrivateKey } from '../../lib/rsa.ts'
import type { ClientCertificate } from '../../lib/runtime.ts'
import { Secret } from '../../lib/secret.ts'
import type { Settings } from '../../lib/settings.ts'
import { signTypes, type WechatV2Credentials } from './account.ts'

const keyLength = 32

/** What v2 signs with, and the certificate it shows for refunds and reversals; undefined when the key is missing or wrong. */
export function readV2Keys(settings: Settings): Pick<WechatV2Credentials, 'apiKey' | 'signType' | 'clientCertificate'> | undefined {
  const apiKey = settings.secret('WECHAT_API_KEY')
  const said = settings.text('WECHAT_SIGN_TYPE') ?? 'HMAC-SHA256'
  const signType = signTypes.find((one) => one === said)
  if (!signType) settings.refuse('WECHAT_SIGN_TYPE', `is ${said}; one of ${signTypes.join(', ')}`, 'HMAC-SHA256')
  if (!apiKey) settings.refuse('WECHAT_API_KEY', 'is missing; API v2 signs with it', '32 characters, set in the merchant platform')
  else if (apiKey.reveal().length !== keyLength)
    settings.refuse(
      'WECHAT_API_KEY',
      `has ${apiKey.reveal().length} characters, not ${keyLength}`,
      '32 characters, set in the merchant platform',
    )
  const clientCertificate = readClientCertificate(settings)
  return apiKey && signType ? { apiKey, signType, clientCertificate } : undefined
}

function readClientCertificate(settings: Settings): ClientCertificate | undefined {
  const [certificatePath, keyPath] = [settings.text('WECHAT_MCH_CERT'), settings.text('WECHAT_MCH_KEY')]
  if (certificatePath === undefined || keyPath === undefined) return undefined
  const certificate = fileAt(settings, 'WECHAT_MCH_CERT', certificatePath)
  const privateKey = fileAt(settings, 'WECHAT_MCH_KEY', keyPath)
  if (certificate === undefined || privateKey === undefined) return undefined
  try {
    if (isPair(readPrivateKey(privateKey), readCertificate(certificate).publicKey))
      return { certificate, privateKey: new Secret(privateKey) }
    settings.refuse('WECHAT_MCH_CERT', 'is the certificate of another key than WECHAT_MCH_KEY', '/run/secrets/apiclient_cert.pem')
  } catch {
    settings.refuse('WECHAT_MCH_CERT', 'and WECHAT_MCH_KEY are not a PEM certificate and its key', '/run/secrets/apiclient_cert.pem')
  }
  return undefined
}

function fileAt(settings: Settings, name: string, path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    settings.refuse(name, 'names no readable file', '/run/secrets/apiclient_cert.pem')
    return undefined
  }
}
