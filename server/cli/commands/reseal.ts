import type { Command } from '../command.ts'
import { withApp } from '../open-app.ts'

export const reseal: Command = {
  name: 'reseal',
  usage: '',
  words: 0,
  isActing: true,
  does: {
    zh: '更换 MASTER_KEY 后，把账户与 Webhook 密钥改用新密钥加密（旧密钥放在 MASTER_KEY_PREVIOUS，再保留一天）',
    en: 'After MASTER_KEY was replaced: seals accounts and webhook secrets under it (the old one is in MASTER_KEY_PREVIOUS, for another day)',
  },
  run: async (call) => {
    const { accounts, webhookSecrets } = await withApp(call, (app) => app.reseal())
    const text =
      call.language === 'zh'
        ? `重新加密 ${accounts} 个账户、${webhookSecrets} 个 Webhook 地址的密钥\n`
        : `sealed anew: ${accounts} accounts, the secrets of ${webhookSecrets} webhook endpoints\n`
    return { text, json: { accounts, webhookSecrets } }
  },
}
