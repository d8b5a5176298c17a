import { beforeEach, describe, expect, it } from '@jest/globals'
import { type AlarmKind, type Alarms, makeAlarms } from '../../../server/core/alarms.ts'
import { silentLog } from '../../support/silent-log.ts'

let alarms: Alarms
let shown: Map<string, number>
beforeEach(() => {
  shown = new Map()
  alarms = makeAlarms({ log: silentLog, metrics: { alarms: { set: ({ kind }, value) => void shown.set(kind, value) } } })
})
const stands = (kind: AlarmKind) => [alarms.standing().includes(kind), shown.get(kind)]

describe('an alarm about what is listed', () => {
  it('stands while the list holds something, also one that another instance wrote, and ends with it', () => {
    alarms.follow('unmatched_money', 2, alarms.mark())
    expect(stands('unmatched_money')).toEqual([true, 1])

    alarms.follow('unmatched_money', 1, alarms.mark())
    expect(stands('unmatched_money')).toEqual([true, 1])

    alarms.follow('unmatched_money', 0, alarms.mark())
    expect(stands('unmatched_money')).toEqual([false, 0])
  })

  it('that is raised while the list is being read is not ended by that reading, but by the next', () => {
    const before = alarms.mark()
    alarms.raiseListed('amount_mismatch', {})
    alarms.follow('amount_mismatch', 0, before)
    expect(stands('amount_mismatch')).toEqual([true, 1])

    alarms.follow('amount_mismatch', 0, alarms.mark())
    expect(stands('amount_mismatch')).toEqual([false, 0])
  })

  it('does not end what was raised for something else', () => {
    alarms.raise('amount_mismatch', { outRefundNo: 'R-1' })
    alarms.raiseListed('amount_mismatch', {})

    alarms.follow('amount_mismatch', 0, alarms.mark())

    expect(stands('amount_mismatch')).toEqual([true, 1])
    alarms.clear('amount_mismatch')
    expect(stands('amount_mismatch')).toEqual([false, 0])
  })
})
