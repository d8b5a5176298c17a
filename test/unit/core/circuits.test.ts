import { describe, expect, it } from '@jest/globals'
import { makeCircuits } from '../../../server/core/circuits.ts'
import { asInstant } from '../../../shared/kernel/time.ts'

const second = 1000

function silentFor(times: number) {
  const clock = { now: 1_790_000_000_000 }
  const circuits = makeCircuits({ now: () => asInstant(clock.now) })
  for (let nth = 0; nth < times; nth++) circuits.wasSilent('wechat')
  return { clock, circuits }
}

describe('a channel that does not answer', () => {
  it('is asked until it was silent five times in a row', () => {
    const { circuits } = silentFor(4)
    expect(circuits.mayCall('wechat')).toBe(true)

    circuits.wasSilent('wechat')

    expect(circuits.mayCall('wechat')).toBe(false)
    expect(circuits.mayCall('alipay')).toBe(true)
  })

  it('is asked by one call every five seconds then', () => {
    const { clock, circuits } = silentFor(5)
    clock.now += 5 * second

    expect([circuits.mayCall('wechat'), circuits.mayCall('wechat')]).toEqual([true, false])

    circuits.wasSilent('wechat')
    clock.now += 4 * second
    expect(circuits.mayCall('wechat')).toBe(false)
    clock.now += second
    expect(circuits.mayCall('wechat')).toBe(true)
  })

  it('is asked by all again after the first answer', () => {
    const { circuits } = silentFor(9)

    circuits.answered('wechat')

    expect([circuits.mayCall('wechat'), circuits.mayCall('wechat')]).toEqual([true, true])
  })

  it('is asked again although the call that was to find out never ended', () => {
    const { clock, circuits } = silentFor(5)
    clock.now += 5 * second
    circuits.mayCall('wechat')

    clock.now += 31 * second

    expect(circuits.mayCall('wechat')).toBe(true)
  })

  it('is not left alone for longer when the clock goes back', () => {
    const { clock, circuits } = silentFor(5)

    clock.now -= 3600 * second

    expect(circuits.mayCall('wechat')).toBe(true)
  })
})
