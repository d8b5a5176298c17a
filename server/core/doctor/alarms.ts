import type { Words } from '../../../shared/kernel/codes.ts'
import { type AlarmKind, alarmKinds } from '../alarms.ts'
import { type Finding, ok } from '../rules/finding.ts'

/** What each alarm means, and what to do. */
const meanings: ReadonlyArray<readonly [kind: AlarmKind, words: Words, remedy: Words]> = [
  [
    'notify_key',
    { zh: '收到的通知无法验签或解密', en: 'notifications could not be verified or opened' },
    {
      zh: '请检查 WECHAT_API_V3_KEY、WECHAT_PUBLIC_KEY_ID 与 WECHAT_PUBLIC_KEY',
      en: 'Check WECHAT_API_V3_KEY, WECHAT_PUBLIC_KEY_ID and WECHAT_PUBLIC_KEY',
    },
  ],
  [
    'unmatched_money',
    { zh: '收到对不上订单的钱', en: 'money came that matches no order' },
    {
      zh: '请查看 GET /api/v1/unmatched?status=open，逐笔退款、归入订单或登记说明；处理完告警自动解除',
      en: 'Look at GET /api/v1/unmatched?status=open; refund, assign or note each, and the alarm ends by itself',
    },
  ],
  [
    'amount_mismatch',
    { zh: '有付款与订单的金额、商户或应用不符', en: 'a payment differs from its order in amount, merchant or app' },
    {
      zh: '请查看 GET /api/v1/unmatched?status=open 与订单时间线，逐笔退款、归入订单或登记说明',
      en: 'Look at GET /api/v1/unmatched?status=open and the order’s timeline; refund, assign or note each',
    },
  ],
  [
    'unknown_state',
    { zh: '渠道给出了未知的状态', en: 'a channel told a state that nobody knows' },
    { zh: '请升级到新版本，或在时间线中查看原文', en: 'Look at the order’s timeline, and for a newer version' },
  ],
  [
    'channel_configuration',
    { zh: '渠道因配置拒绝了请求', en: 'a channel refused calls for their configuration' },
    { zh: '请按上面的账户检查结果处理', en: 'Follow what the account’s findings above say' },
  ],
  [
    'channel_tls',
    { zh: '与渠道的 TLS 连接失败', en: 'TLS to a channel could not be established' },
    { zh: '请检查系统根证书与出网代理', en: 'Check this machine’s root certificates and any proxy on the way out' },
  ],
  [
    'channel_untrusted',
    { zh: '渠道的应答没有通过验签', en: 'answers of a channel did not verify' },
    { zh: '请检查渠道公钥或证书的配置', en: 'Check the channel’s public key or certificates' },
  ],
  [
    'number_reuse',
    { zh: '单号已被另一套系统使用', en: 'a number was used by another system' },
    { zh: '请更换 ORDER_NO_PREFIX，或停掉另一套系统', en: 'Change ORDER_NO_PREFIX, or stop the other system' },
  ],
  [
    'refund_balance',
    { zh: '商户余额不足，退款在等待', en: 'refunds wait for the merchant’s balance' },
    { zh: '请给商户账户充值，退款会自动重试', en: 'Top the merchant’s account up; they are tried again by themselves' },
  ],
  ['refund_failed', { zh: '有退款失败', en: 'a refund failed' }, { zh: '请查看 GET /api/v1/refunds', en: 'Look at GET /api/v1/refunds' }],
  [
    'reconciliation',
    { zh: '账单与账目有差异', en: 'a bill and the books differ' },
    { zh: '请运行 npx shouyin reconcile <日期>', en: 'Run npx shouyin reconcile <date>' },
  ],
  [
    'clock_skew',
    { zh: '服务器时钟与渠道不一致', en: 'the server’s clock differs from the channel’s' },
    { zh: '请校准时钟（NTP）', en: 'Set the clock (NTP)' },
  ],
  [
    'task_stuck',
    { zh: '有任务反复失败', en: 'a task keeps failing' },
    { zh: '请查看日志中的 task.failed', en: 'Look for task.failed in the log' },
  ],
  [
    'store_elsewhere',
    { zh: '此数据库属于另一个地址，任务已停下', en: 'this database belongs to another address; no task runs' },
    { zh: '若已搬到这里，请运行 npx shouyin adopt', en: 'If it moved here, run npx shouyin adopt' },
  ],
]
const unheardOf: Words = { zh: '请查看服务日志中的 alarm', en: 'Look for alarm in the server’s log' }

/** The alarms that stand, as the running server's metrics tell them. */
export function standingAlarms(metrics: string): Finding[] {
  const standing = alarmKinds.filter((kind) => new RegExp(`^shouyin_alarms\\{[^}]*kind="${kind}"[^}]*\\} [1-9]`, 'm').test(metrics))
  if (standing.length === 0) return [ok('alarms', '没有告警', 'no alarm stands')]
  return standing.map((kind) => {
    const [, words, remedy] = meanings.find(([known]) => known === kind) ?? [kind, { zh: kind, en: kind }, unheardOf]
    return { id: 'alarms', severity: 'warning', about: kind, words, remedy }
  })
}
