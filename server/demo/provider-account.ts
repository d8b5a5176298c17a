import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const name = 'wechat-partner'

/**
 * One more account, described by a folder: a merchant of a service provider, through API v2. Written anew at each start.
 *
 * @returns what `PAYS_FOLDER` is to name.
 */
export function writeProviderAccount(dataFolder: string, environment: Readonly<Record<string, string>>): string {
  const root = join(dataFolder, 'pays')
  const folder = join(root, name)
  mkdirSync(folder, { recursive: true })
  const put = (file: string, content: object) =>
    writeFileSync(join(folder, file), `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 })
  put('e.json', {
    type: 'pays.WechatPayType',
    title: '微信支付 v2（服务商，演示）',
    mchId: environment.WECHAT_MCH_ID,
    apiKey: environment.WECHAT_API_KEY,
    appId: environment.WECHAT_APP_ID,
    appSecret: environment.WECHAT_APP_SECRET,
  })
  put(`${name}.json`, {
    config: {
      apiVersion: 'v2',
      subMchId: environment.WECHAT_SUB_MCH_ID,
      subAppId: environment.WECHAT_SUB_APP_ID,
      miniprogramAppId: environment.WECHAT_MINIPROGRAM_APP_ID,
      miniprogramAppSecret: environment.WECHAT_MINIPROGRAM_APP_SECRET,
    },
  })
  return root
}
