import type { Settings } from '../../lib/settings.ts'
import type { AccountSource, ChannelDefinition } from '../channel.ts'
import type { AlipayCredentials } from './account.ts'
import { makeAlipay } from './channel.ts'
import { label } from './label.ts'
import { readApp, readTrust } from './read-keys.ts'

const officialGateway = 'https://openapi.alipay.com/gateway.do'
const officialOauth = 'https://openauth.alipay.com/oauth2/publicAppAuthorize.htm'

export const alipay: ChannelDefinition = {
  name: 'alipay',
  label,
  credentials: [
    'ALIPAY_APP_ID',
    'ALIPAY_PRIVATE_KEY',
    'ALIPAY_PUBLIC_KEY',
    'ALIPAY_APP_CERT',
    'ALIPAY_ROOT_CERT',
    'ALIPAY_CERT',
    'ALIPAY_MINIPROGRAM_APP_ID',
    'ALIPAY_MINIPROGRAM_PRIVATE_KEY',
    'ALIPAY_MCH_ID',
    'ALIPAY_SUB_MCH_ID',
  ],
  settings: [
    'ALIPAY_GATEWAY',
    'ALIPAY_SANDBOX',
    'ALIPAY_OAUTH_URL',
    'ALIPAY_APP_AUTH_TOKEN',
    'ALIPAY_SERVICE_PROVIDER',
    'ALIPAY_WAP_PRODUCT_CODE',
  ],
  folder: {
    type: 'pays.AlipayType',
    members: {
      appId: 'ALIPAY_APP_ID',
      privateKey: 'ALIPAY_PRIVATE_KEY',
      appSecret: 'ALIPAY_PRIVATE_KEY',
      alipayPublicKey: 'ALIPAY_PUBLIC_KEY',
      appCert: 'ALIPAY_APP_CERT',
      alipayCert: 'ALIPAY_CERT',
      rootCert: 'ALIPAY_ROOT_CERT',
      mchId: 'ALIPAY_MCH_ID',
      subMchId: 'ALIPAY_SUB_MCH_ID',
      miniprogramAppId: 'ALIPAY_MINIPROGRAM_APP_ID',
      miniprogramPrivateKey: 'ALIPAY_MINIPROGRAM_PRIVATE_KEY',
      appAuthToken: 'ALIPAY_APP_AUTH_TOKEN',
      serviceProvider: 'ALIPAY_SERVICE_PROVIDER',
      wapProductCode: 'ALIPAY_WAP_PRODUCT_CODE',
      oauthUrl: 'ALIPAY_OAUTH_URL',
      gateway: 'ALIPAY_GATEWAY',
      sandbox: 'ALIPAY_SANDBOX',
      notifyUrl: 'ALIPAY_NOTIFY_URL',
    },
  },
  fromEnvironment,
}

/** The account that the `ALIPAY_…` names describe; undefined when none of its credentials is set. */
function fromEnvironment(settings: Settings): AccountSource | undefined {
  if (alipay.credentials.every((name) => settings.text(name) === undefined)) return undefined
  const app = readApp(settings, 'ALIPAY_APP_ID', 'ALIPAY_PRIVATE_KEY')
  const hasMiniprogram =
    settings.text('ALIPAY_MINIPROGRAM_APP_ID') !== undefined || settings.text('ALIPAY_MINIPROGRAM_PRIVATE_KEY') !== undefined
  const miniprogram = hasMiniprogram ? readApp(settings, 'ALIPAY_MINIPROGRAM_APP_ID', 'ALIPAY_MINIPROGRAM_PRIVATE_KEY') : undefined
  const trust = readTrust(settings, [app, miniprogram])
  const pid = settings.text('ALIPAY_MCH_ID')
  if (pid !== undefined && !/^2088\d{12}$/.test(pid))
    settings.refuse('ALIPAY_MCH_ID', 'is not a PID of 16 digits from 2088', '2088000000000001')
  const hosts = readHosts(settings)
  if (!app || !trust) return undefined
  const credentials: AlipayCredentials = {
    app,
    miniprogram,
    trust,
    pid,
    subMerchant: settings.text('ALIPAY_SUB_MCH_ID'),
    appAuthToken: settings.text('ALIPAY_APP_AUTH_TOKEN'),
    serviceProvider: settings.text('ALIPAY_SERVICE_PROVIDER'),
    wapProductCode: settings.text('ALIPAY_WAP_PRODUCT_CODE') ?? 'QUICK_WAP_WAY',
    ...hosts,
  }
  return { open: (tools) => makeAlipay(credentials, tools) }
}

function readHosts(settings: Settings): Pick<AlipayCredentials, 'gateway' | 'oauthUrl'> {
  const isSandbox = (settings.text('ALIPAY_SANDBOX') ?? '0') !== '0'
  const emulator = isSandbox ? settings.text('EMULATOR_URL')?.replace(/\/+$/, '') : undefined
  if (isSandbox && emulator === undefined)
    settings.refuse('EMULATOR_URL', 'is missing; ALIPAY_SANDBOX talks to the emulator it names', 'http://127.0.0.1:8601')
  if (emulator !== undefined)
    return { gateway: `${emulator}/alipay/gateway.do`, oauthUrl: `${emulator}/alipay/oauth2/publicAppAuthorize.htm` }
  return { gateway: address(settings, 'ALIPAY_GATEWAY', officialGateway), oauthUrl: address(settings, 'ALIPAY_OAUTH_URL', officialOauth) }
}

/** What is signed could be read on the way over http, so that is for this machine only. */
function address(settings: Settings, name: string, fallback: string): string {
  const text = settings.text(name) ?? fallback
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isLocal = url !== undefined && (url.hostname === 'localhost' || url.hostname === '[::1]' || url.hostname.startsWith('127.'))
  if (url?.search !== '' || url.username !== '' || !(url.protocol === 'https:' || (url.protocol === 'http:' && isLocal)))
    settings.refuse(name, 'is not an https address (http is for this machine only)', fallback)
  return text
}
