/** A number that only grows, by the values of its labels; declared once, exported as 0 for every combination that is declared. */
export type Counter<Labels extends string> = { count(labels: Readonly<Record<Labels, string>>, by?: number): void }
export type Gauge<Labels extends string> = { set(labels: Readonly<Record<Labels, string>>, value: number): void }

export type Metrics = {
  readonly notifications: Counter<'channel' | 'kind' | 'outcome'>
  readonly channelCalls: Counter<'channel' | 'operation' | 'outcome'>
  readonly dbRetries: Counter<'reason'>
  readonly dbCommitUnknown: Counter<never>
  readonly taskLeasesLost: Counter<'kind'>
  readonly duplicatePayments: Counter<never>
  readonly latePayments: Counter<never>
  readonly httpRequests: Counter<'route' | 'status' | 'code'>
  /** Tries to tell an endpoint of an event. */
  readonly webhookDeliveries: Counter<'outcome'>
  readonly authFailures: Counter<'audience'>
  readonly alarms: Gauge<'kind'>
  readonly taskOldestDue: Gauge<'kind'>
}
