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
  const told = new Set<AlarmKind>()
  const listed = new Set<AlarmKind>()
  let raised = 0
  return { raise, clear, raiseListed, mark, follow, standing: () => alarmKinds.filter(isStanding) }

  function raise(kind: AlarmKind, fields: Readonly<Record<string, unknown>>): void {
    told.add(kind)
    tell(kind, fields)
  }

  function clear(kind: AlarmKind): void {
    if (told.delete(kind)) tellEnd(kind)
  }

  /** About something that stands in a list of the store: it lasts as long as that, see {@link follow}. */
  function raiseListed(kind: AlarmKind, fields: Readonly<Record<string, unknown>>): void {
    raised++
    listed.add(kind)
    tell(kind, fields)
  }

  /** Taken before a list is read: what is raised meanwhile is not ended by it. */
  function mark(): number {
    return raised
  }

  /** @param count how much the list holds, as it was read since that mark. */
  function follow(kind: AlarmKind, count: number, since: number): void {
    if (count > 0 && !listed.has(kind)) {
      listed.add(kind)
      tell(kind, { listed: count })
    }
    if (count === 0 && raised === since && listed.delete(kind)) tellEnd(kind)
  }

  function tell(kind: AlarmKind, fields: Readonly<Record<string, unknown>>): void {
    metrics.alarms.set({ kind }, 1)
    log.warn({ event: 'alarm', alarm: kind, ...fields })
  }

  function tellEnd(kind: AlarmKind): void {
    if (isStanding(kind)) return
    metrics.alarms.set({ kind }, 0)
    log.info({ event: 'alarm.cleared', alarm: kind })
  }

  function isStanding(kind: AlarmKind): boolean {
    return told.has(kind) || listed.has(kind)
  }
}
