import type { Alarms } from './alarms.ts'

/** From here on somebody should look at the clock; at five minutes the channel refuses what we sign. */
const alarmFromMs = 60_000

/** Keeps an eye on our clock by what the channel's answers say of theirs. */
export function makeClockWatch(alarms: Alarms): (aheadMs: number) => void {
  return (aheadMs) => {
    const isOff = Math.abs(aheadMs) >= alarmFromMs
    if (!isOff) alarms.clear('clock_skew')
    else if (!alarms.standing().includes('clock_skew'))
      alarms.raise('clock_skew', { aheadSeconds: Math.round(aheadMs / 1000), remedy: 'set this machine’s clock (NTP)' })
  }
}
