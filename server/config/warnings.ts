import type { Environment } from './environment.ts'

/** Every name there is (contract 1); `NAME_FILE` goes with each. */
export const knownNames = [
  'PORT',
  'EMULATOR_PORT',
  'HOST',
  'PUBLIC_URL',
  'DATABASE_URL',
  'SESSION_SECRET',
  'MASTER_KEY',
  'TRUSTED_PROXIES',
  'BOOTSTRAP_API_KEY',
  'ORDER_NO_PREFIX',
  'LATE_PAYMENT',
  'MIGRATE',
  'LOG_LEVEL',
  'EMULATOR_URL',
  'WECHAT_APP_ID',
  'WECHAT_APP_SECRET',
  'WECHAT_MINIPROGRAM_APP_ID',
  'WECHAT_MINIPROGRAM_APP_SECRET',
  'WECHAT_MCH_ID',
  'WECHAT_SUB_MCH_ID',
  'WECHAT_SUB_APP_ID',
  'WECHAT_API_VERSION',
  'WECHAT_API_KEY',
  'WECHAT_SIGN_TYPE',
  'WECHAT_API_V3_KEY',
  'WECHAT_CERT_SERIAL_NO',
  'WECHAT_PRIVATE_KEY',
  'WECHAT_PUBLIC_KEY_ID',
  'WECHAT_PUBLIC_KEY',
  'WECHAT_MCH_CERT',
  'WECHAT_MCH_KEY',
  'WECHAT_GATEWAY',
  'WECHAT_GATEWAY_BACKUP',
  'WECHAT_API_BASE',
  'WECHAT_OPEN_BASE',
  'WECHAT_NOTIFY_URL',
  'WECHAT_SANDBOX',
] as const

const notServedYet = /^(QFPAY|ALIPAY)_/

/** What is not wrong, but probably not meant: names of ours that nobody reads. */
export function warningsAbout(environment: Environment): string[] {
  const set = Object.keys(environment).filter((name) => (environment[name] ?? '') !== '')
  const known = new Set<string>(knownNames.flatMap((name) => [name, `${name}_FILE`]))
  const unread = set
    .filter((name) => name.startsWith('WECHAT_') && !known.has(name))
    .map((name) => `${name} is no setting of this server; is it misspelt?`)
  const later = set.some((name) => notServedYet.test(name))
    ? ['QFPAY_… and ALIPAY_… are set, but QFPay and Alipay are not served yet by this version']
    : []
  return [...unread, ...later]
}
