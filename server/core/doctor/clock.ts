import { type Finding, ok } from '../rules/finding.ts'

const warnFromMs = 60_000
/** From here on channels refuse what we sign, and we what they sign. */
const refusedFromMs = 300_000

/** Our clock against those of the channels, by the dates of their answers; undefined when none has answered. */
export function lookAtClock(aheadMs: readonly number[]): Finding | undefined {
  if (aheadMs.length === 0) return undefined
  const worst = aheadMs.reduce((one, other) => (Math.abs(other) > Math.abs(one) ? other : one))
  const seconds = Math.round(Math.abs(worst) / 1000)
  if (Math.abs(worst) < warnFromMs)
    return ok('clock', `时钟与渠道相差 ${seconds} 秒`, `the clock differs from the channels’ by ${seconds} s`)
  return {
    id: 'clock',
    severity: Math.abs(worst) < refusedFromMs ? 'warning' : 'error',
    words: {
      zh: `本机时钟比渠道${worst > 0 ? '快' : '慢'} ${seconds} 秒；相差五分钟时渠道会拒绝所有请求`,
      en: `this machine’s clock is ${seconds} s ${worst > 0 ? 'ahead of' : 'behind'} the channel’s; at five minutes every call is refused`,
    },
    remedy: { zh: '请校准本机时钟（NTP）', en: 'Set this machine’s clock (NTP)' },
  }
}
