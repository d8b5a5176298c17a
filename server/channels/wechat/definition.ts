import type { Settings } from '../../lib/settings.ts'
import type { AccountSource, ChannelAccount, ChannelDefinition } from '../channel.ts'
import { label } from './label.ts'
import { readAppsAndHosts, readMerchant } from './read-apps.ts'
import { readV2Keys } from './read-v2-keys.ts'
import { readKeys } from './read-v3-keys.ts'
import { makeWechatV2 } from './v2/channel.ts'
import { makeWechatV3 } from './v3/channel.ts'

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
    'WECHAT_CODE_PAY',
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
      codePay: 'WECHAT_CODE_PAY',
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
  const merchant = readMerchant(settings)
  if (!merchant) return undefined
  const version = versionOf(settings)
  const codePay = codePayOf(settings)
  const common = { ...merchant, ...readAppsAndHosts(settings) }
  const v2 =
    version === 'v2' || (codePay === 'v2' && settings.text('WECHAT_API_KEY') !== undefined) ? readV2Keys(settings, version) : undefined
  if (version === 'v2') return v2 && { open: (tools) => makeWechatV2({ ...common, ...v2 }, tools) }
  const v3 = readKeys(settings)
  if (!v3) return undefined
  return {
    open: (tools) => {
      const account = makeWechatV3({ ...common, ...v3 }, tools, { withCodePay: codePay === 'v3' })
      return v2 ? withCodesBy(makeWechatV2({ ...common, ...v2 }, tools), account) : account
    },
  }
}

/** What only v3 has; a certificate and its key are v2’s too. */
const namesOfV3 = ['WECHAT_API_V3_KEY', 'WECHAT_PRIVATE_KEY', 'WECHAT_CERT_SERIAL_NO', 'WECHAT_PUBLIC_KEY_ID', 'WECHAT_PUBLIC_KEY']

/** Without a word about it, whoever has a v2 key and nothing of v3 means v2, as the accounts of older systems do. */
function versionOf(settings: Settings): 'v2' | 'v3' {
  const said = settings.text('WECHAT_API_VERSION')
  if (said === 'v2' || said === 'v3') return said
  if (said !== undefined) settings.refuse('WECHAT_API_VERSION', 'is not a version of the API', 'v3')
  const hasV3 = namesOfV3.some((name) => settings.text(name) !== undefined)
  return settings.text('WECHAT_API_KEY') !== undefined && !hasV3 ? 'v2' : 'v3'
}

function codePayOf(settings: Settings): 'v2' | 'v3' {
  const said = settings.text('WECHAT_CODE_PAY') ?? 'v2'
  if (said !== 'v2' && said !== 'v3') settings.refuse('WECHAT_CODE_PAY', 'is neither v2 nor v3', 'v2')
  return said === 'v3' ? 'v3' : 'v2'
}

/** Payments by the payer's code are made by v2, all else by v3: one merchant may use both (v2 fact sheet §1). */
function withCodesBy(v2: ChannelAccount, v3: ChannelAccount): ChannelAccount {
  const diagnose: ChannelAccount['diagnose'] = async (ask) => [...((await v3.diagnose?.(ask)) ?? []), ...((await v2.diagnose?.(ask)) ?? [])]
  if (!v2.reverse) return { ...v3, diagnose }
  const isByCode = ({ payType }: { readonly payType: string }) => payType === 'MICROPAY'
  return {
    ...v3,
    payTypes: [...v3.payTypes, 'MICROPAY'],
    prepare: (ask) => (isByCode(ask) ? v2.prepare(ask) : v3.prepare(ask)),
    query: (asked) => (isByCode(asked.ask) ? v2.query(asked) : v3.query(asked)),
    reverse: v2.reverse,
    diagnose,
    certificates: () => [...(v3.certificates?.() ?? []), ...(v2.certificates?.() ?? [])],
  }
}
