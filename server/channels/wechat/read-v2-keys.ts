import { isPair, readCertificate, readPrivateKey } from '../../lib/rsa.ts'
import type { ClientCertificate } from '../../lib/runtime.ts'
import { Secret } from '../../lib/secret.ts'
import type { Settings } from '../../lib/settings.ts'
import { signTypes, type WechatV2Credentials } from './account.ts'
import { pemAt } from './pem-at.ts'

const keyLength = 32

/**
 * What v2 signs with, and the certificate it shows for refunds and reversals; undefined when the key is missing or wrong.
 *
 * @param version the account's: v3 reads some of the names for itself.
 */
export function readV2Keys(
  settings: Settings,
  version: 'v2' | 'v3',
): Pick<WechatV2Credentials, 'apiKey' | 'signType' | 'clientCertificate'> | undefined {
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
  const clientCertificate = readClientCertificate(settings, version)
  return apiKey && signType ? { apiKey, signType, clientCertificate } : undefined
}

/** Both halves, each from its file; the key may stand in the environment instead, as for v3. */
function readClientCertificate(settings: Settings, version: 'v2' | 'v3'): ClientCertificate | undefined {
  const [certificatePath, keyPath] = [settings.text('WECHAT_MCH_CERT'), settings.text('WECHAT_MCH_KEY')]
  const keyGiven = settings.secret('WECHAT_PRIVATE_KEY')
  if (certificatePath === undefined) {
    if (keyPath !== undefined && version === 'v2')
      settings.refuse('WECHAT_MCH_CERT', 'is missing beside WECHAT_MCH_KEY', '/run/secrets/apiclient_cert.pem')
    return undefined
  }
  if (keyPath === undefined && keyGiven === undefined) {
    settings.refuse('WECHAT_MCH_KEY', 'is missing beside WECHAT_MCH_CERT', '/run/secrets/apiclient_key.pem')
    return undefined
  }
  const certificate = fileAt(settings, 'WECHAT_MCH_CERT', certificatePath)
  const privateKey = keyPath === undefined ? keyGiven?.reveal().replaceAll('\\n', '\n') : fileAt(settings, 'WECHAT_MCH_KEY', keyPath)
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
    return pemAt(path)
  } catch {
    settings.refuse(name, 'names no readable file', '/run/secrets/apiclient_cert.pem')
    return undefined
  }
}
