import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { channelNames } from '../../shared/kernel/pay.ts'
import type { Metrics, Counter as OurCounter, Gauge as OurGauge, Histogram as OurHistogram } from './metrics.ts'

export type PromMetrics = Metrics & {
  /** What is only known by looking is looked up each time somebody reads. */
  onRead(look: () => void): void
  /** All of them in Prometheus' text form. */
  text(): Promise<string>
}

const notificationOutcomes = [
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
/** From a payer with the phone in hand to one who comes back the next day, in seconds. */
const paymentBuckets = [2, 5, 10, 20, 30, 60, 120, 300, 900, 3600, 86_400]
/** Ours answer in milliseconds, channels in tenths of seconds; both give up after some seconds. */
const answerBuckets = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** The product's figures, a registry of their own for each server so that two in one process do not meet. */
export function makeMetrics(): PromMetrics {
  const registry = new Registry()
  const looks: Array<() => void> = []
  collectDefaultMetrics({ register: registry })
  const metrics = declareAll(registry)
  for (const channel of channelNames)
    for (const kind of ['trade', 'refund', 'unknown'])
      for (const outcome of notificationOutcomes) metrics.notifications.count({ channel, kind, outcome }, 0)
  for (const audience of ['merchant', 'payer', 'link']) metrics.authFailures.count({ audience }, 0)
  return { ...metrics, onRead: (look) => void looks.push(look), text }

  async function text(): Promise<string> {
    for (const look of looks) look()
    return registry.metrics()
  }
}

function declareAll(registry: Registry): Metrics {
  const { counter, gauge, histogram } = declaring(registry)
  return {
    payments: counter('shouyin_payments_total', 'Attempts to pay by what became of them', ['channel', 'payType', 'outcome']),
    paymentSeconds: histogram('shouyin_payment_seconds', 'From an attempt to its success', ['channel', 'payType'], paymentBuckets),
    paidMinor: counter('shouyin_paid_minor_total', 'Money kept, in minor units', ['channel', 'currency']),
    orders: counter('shouyin_orders_total', 'Orders by what became of them', ['outcome']),
    refunds: counter('shouyin_refunds_total', 'Refunds by their cause and what became of them', ['channel', 'cause', 'outcome']),
    refundMinor: counter('shouyin_refund_minor_total', 'Money going back, in minor units', ['channel', 'currency', 'outcome']),
    duplicatePayments: counter('shouyin_duplicate_payments_total', 'Second payments of one order, refunded', []),
    latePayments: counter('shouyin_late_payments_total', 'Payments after an order closed', []),
    notifications: counter('shouyin_notifications_total', 'Notifications by what became of them', ['channel', 'kind', 'outcome']),
    channelCalls: counter('shouyin_channel_calls_total', 'Calls to channels by their outcome', ['channel', 'operation', 'outcome']),
    channelCallSeconds: histogram(
      'shouyin_channel_call_seconds',
      'How long calls to channels took',
      ['channel', 'operation'],
      answerBuckets,
    ),
    webhookDeliveries: counter('shouyin_webhook_tries_total', 'Tries to tell merchants by their outcome', ['outcome']),
    webhookPending: gauge('shouyin_webhook_pending', 'Webhooks that are not delivered yet', []),
    webhookOldest: gauge('shouyin_webhook_oldest_seconds', 'How long the oldest undelivered webhook has waited', []),
    httpRequests: counter('shouyin_http_requests_total', 'Requests answered', ['route', 'status', 'code']),
    httpSeconds: histogram('shouyin_http_seconds', 'How long requests took', ['route'], answerBuckets),
    authFailures: counter('shouyin_auth_failures_total', 'Requests with a wrong key or session', ['audience']),
    rateLimited: counter('shouyin_rate_limited_total', 'Requests refused by a limit', ['limit']),
    alarms: gauge('shouyin_alarms', 'What an operator has to look at; 1 while it lasts', ['kind']),
    certificateEnds: gauge('shouyin_certificate_ends_seconds', 'How long a certificate is still good', [
      'channel',
      'account',
      'certificate',
    ]),
    taskOldestDue: gauge('shouyin_task_oldest_due_seconds', 'How long the oldest due task has waited', ['kind']),
    tasksDue: gauge('shouyin_tasks_due', 'Tasks that are due', ['kind']),
    taskLeasesLost: counter('shouyin_task_leases_lost_total', 'Tasks taken over from a slow worker', ['kind']),
    dbRetries: counter('shouyin_db_retries_total', 'Transactions run again', ['reason']),
    dbCommitUnknown: counter('shouyin_db_commit_unknown_total', 'Commits that went unanswered', []),
    dbConnections: gauge('shouyin_db_connections', 'Connections to the database; waiting: requests for one', ['state']),
    build: gauge('shouyin_build_info', 'Always 1; the labels say what runs', ['version', 'node', 'schema']),
  }
}

function declaring(registry: Registry) {
  const registers = [registry]
  return { counter, gauge, histogram }

  function counter<Labels extends string>(name: string, help: string, labelNames: Labels[]): OurCounter<Labels> {
    const made = new Counter({ name, help, labelNames, registers })
    if (labelNames.length === 0) made.inc(0)
    return { count: (labels, by = 1) => made.inc(labels, by) }
  }

  function gauge<Labels extends string>(name: string, help: string, labelNames: Labels[]): OurGauge<Labels> {
    const made = new Gauge({ name, help, labelNames, registers })
    if (labelNames.length === 0) made.set(0)
    return { set: (labels, value) => made.set(labels, value) }
  }

  function histogram<Labels extends string>(name: string, help: string, labelNames: Labels[], buckets: number[]): OurHistogram<Labels> {
    const made = new Histogram({ name, help, labelNames, buckets, registers })
    return { observe: (labels, value) => made.observe(labels, value), declare: (labels) => made.zero(labels) }
  }
}
