import { asOwnId, defaultAccount, defaultMerchant } from '../../../shared/kernel/ids.ts'
import { formatMillionths, formatMoney, moneyOf } from '../../../shared/kernel/money.ts'
import { channelNames } from '../../../shared/kernel/pay.ts'
import type { Language } from '../../../shared/kernel/words.ts'
import type { Reconciliation } from '../../core/rules/decision.ts'
import { isDay } from '../../core/rules/reconciliation.ts'
import { presentReconciliation } from '../../http/present.ts'
import { type Command, UsageError } from '../command.ts'
import { withApp } from '../open-app.ts'

export const reconcile: Command = {
  name: 'reconcile',
  usage: '<date> [--channel wechat] [--account default]',
  words: 1,
  isActing: true,
  options: { channel: { type: 'string' }, account: { type: 'string' } },
  does: {
    zh: '用某日（中国时间，如 2026-01-02）的账单核对账目；有未修复的差异则退出码为 1',
    en: 'Compares the bill of a day in China (2026-01-02) with the books; 1 when a difference is left that could not be put right',
  },
  run: async (call) => {
    const said = call.value('channel') ?? 'wechat'
    const channel = channelNames.find((one) => one === said)
    if (!channel) throw new UsageError(`--channel is ${said}; one of ${channelNames.join(', ')}`)
    const account = asOwnId('AccountId', call.value('account') ?? defaultAccount)
    const day = call.words[0] ?? ''
    if (!isDay(day)) throw new UsageError(`${day} is no day such as 2026-01-02`)
    const done = await withApp(call, (app) => app.reconcile.request(defaultMerchant, { channel, account, day }))
    const isGood = done.report.differences.every((one) => one.repaired)
    return { isGood, text: textOf(done, call.language), json: presentReconciliation(done) }
  },
}

function textOf({ channel, account, day, report }: Reconciliation, language: Language): string {
  const { payments, refunds, currency = 'CNY', feeMicro, differences } = report
  const isZh = language === 'zh'
  const sum = (amountMinor: number) => `${formatMoney(moneyOf(amountMinor, currency))} ${currency}`
  const totals = isZh
    ? `支付 ${payments.count} 笔 ${sum(payments.amountMinor)}，退款 ${refunds.count} 笔 ${sum(refunds.amountMinor)}，手续费 ${formatMillionths(feeMicro)}`
    : `${payments.count} payments ${sum(payments.amountMinor)}, ${refunds.count} refunds ${sum(refunds.amountMinor)}, fees ${formatMillionths(feeMicro)}`
  const rows = differences.map(
    (one) => `  ${one.repaired ? (isZh ? '已修复' : 'put right') : isZh ? '待处理' : 'open'}  ${one.kind}  ${one.number}  ${one.detail}`,
  )
  const none = isZh ? '  账目一致' : '  the books agree'
  return [`${day}  ${channel}/${account}`, `  ${totals}`, ...(rows.length === 0 ? [none] : rows), ''].join('\n')
}
