/** A number that only grows, by the values of its labels; declared once, exported as 0 for every combination that is declared. */
export type Counter<Labels extends string> = { count(labels: Readonly<Record<Labels, string>>, by?: number): void }
export type Gauge<Labels extends string> = { set(labels: Readonly<Record<Labels, string>>, value: number): void }
/** How often a value was how large; `declare` exports a combination of labels before anything was observed. */
export type Histogram<Labels extends string> = {
  observe(labels: Readonly<Record<Labels, string>>, value: number): void
  declare(labels: Readonly<Record<Labels, string>>): void
}

/** Every figure of the product. Labels are words of ours and routes by template: no number, name or address of anybody. */
export type Metrics = {
  readonly payments: Counter<'channel' | 'payType' | 'outcome'>
  readonly paymentSeconds: Histogram<'channel' | 'payType'>
  readonly paidMinor: Counter<'channel' | 'currency'>
  readonly orders: Counter<'outcome'>
  readonly refunds: Counter<'channel' | 'cause' | 'outcome'>
  readonly refundMinor: Counter<'channel' | 'currency' | 'outcome'>
  readonly duplicatePayments: Counter<never>
  readonly latePayments: Counter<never>
  readonly notifications: Counter<'channel' | 'kind' | 'outcome'>
  readonly channelCalls: Counter<'channel' | 'operation' | 'outcome'>
  readonly channelCallSeconds: Histogram<'channel' | 'operation'>
  readonly webhookDeliveries: Counter<'outcome'>
  readonly webhookPending: Gauge<never>
  readonly webhookOldest: Gauge<never>
  readonly httpRequests: Counter<'route' | 'status' | 'code'>
  readonly httpSeconds: Histogram<'route'>
  readonly authFailures: Counter<'audience'>
  readonly rateLimited: Counter<'limit'>
  readonly alarms: Gauge<'kind'>
  readonly certificateEnds: Gauge<'channel' | 'account' | 'certificate'>
  readonly taskOldestDue: Gauge<'kind'>
  readonly tasksDue: Gauge<'kind'>
  readonly taskLeasesLost: Counter<'kind'>
  readonly dbRetries: Counter<'reason'>
  readonly dbCommitUnknown: Counter<never>
  readonly dbConnections: Gauge<'state'>
  readonly build: Gauge<'version' | 'node' | 'schema'>
}
