import type { Log } from '../lib/log.ts'
import type { Metrics } from '../lib/metrics.ts'

/** What an operator has to look at. Each is a gauge that is 1 while it lasts. */
export const alarmKinds = [
  'notify_key',
  'unmatched_money',
  'amount_mismatch',
  'unknown_state',
  'channel_configuration',
  'channel_tls',
  'channel_untrusted',
  'number_reuse',
  'refund_balance',
  'refund_failed',
  'reconciliation',
  'clock_skew',
  'task_stuck',
  'store_elsewhere',
] as const
export type AlarmKind = (typeof alarmKinds)[number]

export type Alarms = ReturnType<typeof makeAlarms>

export function makeAlarms({ log, metrics }: { log: Log; metrics: Pick<Metrics, 'alarms'> }) {
  for (const kind of alarmKinds) metrics.alarms.set({ kind }, 0)
  const standing = new Set<AlarmKind>()
  return { raise, clear, standing: () => [...standing] }

  function raise(kind: AlarmKind, fields: Readonly<Record<string, unknown>>): void {
    standing.add(kind)
    metrics.alarms.set({ kind }, 1)
    log.warn({ event: 'alarm', alarm: kind, ...fields })
  }

  function clear(kind: AlarmKind): void {
    if (!standing.delete(kind)) return
    metrics.alarms.set({ kind }, 0)
    log.info({ event: 'alarm.cleared', alarm: kind })
  }
}
