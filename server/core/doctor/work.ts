import { apps, payTypes } from '../../../shared/kernel/pay.ts'
import { asInstant, chinaDay, formatInstant, later } from '../../../shared/kernel/time.ts'
import type { ChannelAccount } from '../../channels/channel.ts'
import { countPayersByApp, countWaiting, listFailingEndpoints } from '../../store/diagnosis.ts'
import { firstSuccess, listReconciliations, newestDay } from '../../store/reconciliations.ts'
import { dueByKind } from '../../store/tasks.ts'
import { type Finding, ok } from '../rules/finding.ts'
import { isAlive } from '../rules/instances.ts'
import { dayBefore } from '../rules/reconciliation.ts'
import type { StoreLook } from './parts.ts'

/** Beyond every ladder's first steps, and beyond a restart. */
const overdueMs = 10 * 60 * 1000
const lookedBackMs = 8 * 24 * 60 * 60 * 1000

/** Tasks that wait although a server runs. */
export async function lookAtTasks({ db, now, instances }: StoreLook): Promise<Finding> {
  const id = 'tasks'
  const isRunning = instances.some((one) => isAlive(one, now))
  const overdue = [...(await dueByKind(db, now))].filter(([, { since }]) => now - since > overdueMs)
  if (overdue.length === 0 || !isRunning) return ok(id, '没有积压的任务', 'no task waits longer than it should')
  const list = overdue.map(([kind, { since }]) => `${kind} (${formatInstant(since)})`).join(', ')
  return {
    id,
    severity: 'warning',
    words: { zh: `任务积压：${list}`, en: `tasks are overdue: ${list}` },
    remedy: {
      zh: '请查看服务日志中的 task.failed 与 channel.call，排除原因后会自动继续',
      en: 'Look for task.failed and channel.call in the server’s log; once the cause is gone they go on by themselves',
    },
  }
}

/** Bills that were not compared with the books, and differences that nobody has looked at. */
export async function lookAtBills({ db, now }: StoreLook, account: ChannelAccount): Promise<Finding[]> {
  if (!account.bill) return []
  const [id, about] = ['reconciliation', `${account.channel}/${account.account}`]
  const due = dayBefore(dayBefore(chinaDay(now)))
  const [first, newest] = [await firstSuccess(db, account), await newestDay(db, account)]
  const isBehind = first !== undefined && chinaDay(first) <= due && (newest === undefined || newest < due)
  const recent = await listReconciliations(db, account, chinaDay(later(asInstant(now), -lookedBackMs)))
  const open = recent.filter(({ report }) => report.differences.some((one) => !one.repaired))
  if (isBehind)
    return [
      {
        id,
        severity: 'warning',
        about,
        words: { zh: `${newest ?? '从未'}之后的账单没有核对`, en: `no bill was compared since ${newest ?? 'ever'}` },
        remedy: { zh: `请运行 npx shouyin reconcile ${due} 查看原因`, en: `Run npx shouyin reconcile ${due} to see why` },
      },
    ]
  return open.map(({ day, report }) => ({
    id,
    severity: 'warning',
    about: `${about} ${day}`,
    words: {
      zh: `${day} 的账单有 ${report.differences.filter((one) => !one.repaired).length} 处差异未处理`,
      en: `${report.differences.filter((one) => !one.repaired).length} differences of ${day} are open`,
    },
    remedy: { zh: `请逐条处理：npx shouyin reconcile ${day}`, en: `Look at each: npx shouyin reconcile ${day}` },
  }))
}

/** Money that waits for staff. */
export async function lookAtMoney({ db }: StoreLook): Promise<Finding[]> {
  const { unmatched, abnormal } = await countWaiting(db)
  const findings: Finding[] = []
  if (unmatched > 0)
    findings.push({
      id: 'unmatched_money',
      severity: 'warning',
      words: { zh: `有 ${unmatched} 笔对不上的钱等待处理`, en: `${unmatched} payments or refunds that match nothing wait for staff` },
      remedy: {
        zh: '请查看 GET /api/v1/unmatched?status=open，逐笔用 POST /api/v1/unmatched/:unmatchedId/refund、/assign 或 /note 处理',
        en: 'Look at GET /api/v1/unmatched?status=open and settle each by POST /api/v1/unmatched/:unmatchedId/refund, /assign or /note',
      },
    })
  if (abnormal > 0)
    findings.push({
      id: 'abnormal_refunds',
      severity: 'warning',
      words: { zh: `有 ${abnormal} 笔退款异常，等待处理`, en: `${abnormal} refunds could not be received and wait` },
      remedy: {
        zh: '请用 POST /api/v1/refunds/:refundId/retry 或 /settle 处理',
        en: 'Deal with them by POST /api/v1/refunds/:refundId/retry or /settle',
      },
    })
  return findings
}

/** Endpoints that were switched off for what they answered, and events that nobody took. */
export async function lookAtWebhooks({ db, now }: StoreLook): Promise<Finding[]> {
  const failing = await listFailingEndpoints(db, later(now, -lookedBackMs))
  return failing.map(({ endpointId, url, why, failed }) => ({
    id: 'webhooks',
    severity: 'warning',
    about: `${endpointId} ${new URL(url).origin}`,
    words:
      why === undefined
        ? { zh: `${failed} 个事件没有送达`, en: `${failed} events could not be delivered` }
        : { zh: `Webhook 地址已停用：${why}`, en: `the webhook endpoint is switched off: ${why}` },
    remedy: {
      zh: '请修好接收端，重新启用该地址，再用 npx shouyin resend <eventId> 补发',
      en: 'Mend what answers there, enable the endpoint, and send again with npx shouyin resend <eventId>',
    },
  }))
}

/** An openid belongs to one app: payers of an app that is no longer configured cannot pay under another. */
export async function lookAtPayers({ db }: StoreLook, accounts: readonly ChannelAccount[]): Promise<Finding[]> {
  const known = new Set(accounts.flatMap((one) => [...payTypes, ...apps].map((means) => one.appIdFor(means))))
  const strangers = (await countPayersByApp(db)).filter((one) => !known.has(one.appId))
  return strangers.map(({ appId, count }) => ({
    id: 'payers',
    severity: 'warning',
    about: appId,
    words: {
      zh: `${count} 位付款人的 openid 属于应用 ${appId}，而它不是当前配置的任何应用`,
      en: `the openids of ${count} payers belong to app ${appId}, which is none of those configured`,
    },
    remedy: {
      zh: '若换错了 AppID 请改回；若确已更换，这些用户需在新应用中重新登录',
      en: 'Change the AppID back if it was mistaken; if the app was replaced, they have to log in again in the new one',
    },
  }))
}
