import { describe, expect, it } from '@jest/globals'
import { idsFrom, newId } from '../../../server/lib/ids.ts'
import { makeNodeRuntime } from '../../../server/lib/node-runtime.ts'
import { asInstant } from '../../../shared/kernel/time.ts'

const { randomBytes } = makeNodeRuntime()
const at = (ms: number) => ({ now: () => asInstant(ms), randomBytes })
const count = 20_000

describe('an id', () => {
  it('says of what it is, and has 26 letters that cannot be taken for one another', () => {
    expect(newId(at(0), 'pay')).toMatch(/^pay_[0-9a-hjkmnp-tv-z]{26}$/)
  })

  it('is written down so for a time and bytes that are known', () => {
    const runtime = {
      now: () => asInstant(1_767_326_400_000),
      randomBytes: (length: number) => Uint8Array.from({ length }, (_, place) => place),
    }

    expect(newId(runtime, 'ord')).toBe('ord_01kdydsfg00123456789abcdef')
  })

  it('sorts by its time, to the millisecond and beyond this century', () => {
    const times = [0, 1, 31, 32, 33, 1_767_326_400_000, 1_767_326_400_001, 4_102_444_800_000, 32_503_680_000_000]
    const ids = times.map((ms) => newId(at(ms), 'pay'))

    expect([...ids].sort()).toEqual(ids)
  })

  it('stands behind the bound of its moment, and before that of the next', () => {
    const id = newId(at(1_767_326_400_000), 'evt')

    expect([idsFrom('evt', 1_767_326_400_001), id, idsFrom('evt', 1_767_326_400_000)].sort()).toEqual([
      idsFrom('evt', 1_767_326_400_000),
      id,
      idsFrom('evt', 1_767_326_400_001),
    ])
  })

  it('is never made twice, not even within one millisecond', () => {
    const ids = new Set(Array.from({ length: count }, () => newId(at(5), 'pay')))

    expect(ids.size).toBe(count)
  })

  it('uses all 32 letters evenly where it is chance', () => {
    const seen = new Map<string, number>()
    for (let made = 0; made < count; made++)
      for (const letter of newId(at(5), 'x').slice(-16)) seen.set(letter, (seen.get(letter) ?? 0) + 1)

    const expected = (count * 16) / 32
    expect(seen.size).toBe(32)
    expect([...seen.values()].filter((times) => Math.abs(times - expected) > expected / 10)).toEqual([])
  })
})
