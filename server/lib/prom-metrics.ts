import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Metrics, Counter as OurCounter, Gauge as OurGauge } from './metrics.ts'

export type PromMetrics = Metrics & {
  /** All of them in Prometheus' text form. */
  text(): Promise<string>
}

const channels = ['wechat']
const outcomes = [
  'applied',
  'duplicate',
  'late',
  'probe',
  'bad_signature',
  'stale',
  'malformed',
  'undecryptable',
  'unmatched',
  'mismatch',
  'ignored',
  'error',
]

/** The product's figures, a registry of their own for each server so that two in one process do not meet. */
export function makeMetrics(): PromMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const metrics: Metrics = {
    notifications: counter('shouyin_notifications_total', 'Notifications by what became of them', ['channel', 'kind', 'outcome']),
    channelCalls: counter('shouyin_channel_calls_total', 'Calls to channels by their outcome', ['channel', 'operation', 'outcome']),
    dbRetries: counter('shouyin_db_retries_total', 'Transactions run again', ['reason']),
    dbCommitUnknown: counter('shouyin_db_commit_unknown_total', 'Commits that went unanswered', []),
    taskLeasesLost: counter('shouyin_task_leases_lost_total', 'Tasks taken over from a slow worker', ['kind']),
    duplicatePayments: counter('shouyin_duplicate_payments_total', 'Second payments of one order, refunded', []),
    latePayments: counter('shouyin_late_payments_total', 'Payments after an order closed', []),
    httpRequests: counter('shouyin_http_requests_total', 'Requests answered', ['route', 'status', 'code']),
    webhookDeliveries: counter('shouyin_webhook_deliveries_total', 'Tries to tell an endpoint of an event', ['outcome']),
    authFailures: counter('shouyin_auth_failures_total', 'Requests with a wrong key or session', ['audience']),
    alarms: gauge('shouyin_alarms', 'What an operator has to look at; 1 while it lasts', ['kind']),
    taskOldestDue: gauge('shouyin_task_oldest_due_seconds', 'How long the oldest due task has waited', ['kind']),
  }
  for (const channel of channels)
    for (const kind of ['trade', 'refund', 'unknown'])
      for (const outcome of outcomes) metrics.notifications.count({ channel, kind, outcome }, 0)
  for (const audience of ['merchant', 'payer']) metrics.authFailures.count({ audience }, 0)
  return { ...metrics, text: () => registry.metrics() }

  function counter<Labels extends string>(name: string, help: string, labelNames: Labels[]): OurCounter<Labels> {
    const made = new Counter({ name, help, labelNames, registers: [registry] })
    if (labelNames.length === 0) made.inc(0)
    return { count: (labels, by = 1) => made.inc(labels, by) }
  }

  function gauge<Labels extends string>(name: string, help: string, labelNames: Labels[]): OurGauge<Labels> {
    const made = new Gauge({ name, help, labelNames, registers: [registry] })
    return { set: (labels, value) => made.set(labels, value) }
  }
}
