import { formatInstant } from '../../../shared/kernel/time.ts'
import type { Command } from '../command.ts'
import { merchantOf, merchantOption } from '../merchant.ts'
import { withApp } from '../open-app.ts'

export const audit: Command = {
  name: 'audit',
  usage: '[--merchant mer_default]',
  words: 0,
  options: merchantOption,
  does: {
    zh: '列出密钥与命令行最近做过的事，新的在前',
    en: 'Lists what keys and the command line did last, the newest first',
  },
  run: async (call) => {
    const done = await withApp(call, (app) => app.audit.list(merchantOf(call)))
    const items = done.map(({ at, actor, action, subject, clientIp, requestId }) => ({
      at: formatInstant(at),
      actor,
      action,
      subject,
      clientIp,
      requestId,
    }))
    const rows = items.map(({ at, actor, action, subject, clientIp }) => `${at}  ${actor}  ${action}  ${subject}  ${clientIp}`.trimEnd())
    const none = call.language === 'zh' ? '还没有记录' : 'nothing was done yet'
    return { text: `${rows.length === 0 ? none : rows.join('\n')}\n`, json: { items } }
  },
}
