import { describe, expect, it } from '@jest/globals'
import {
  attemptMayComeFrom,
  attemptStatuses,
  lives,
  orderMayComeFrom,
  orderStatuses,
  refundMayComeFrom,
  refundStatuses,
} from '../../../shared/kernel/states.ts'

describe('the tables of moves', () => {
  it('name every state once, and only states', () => {
    expect(Object.keys(lives.order)).toEqual([...orderStatuses])
    expect(Object.keys(lives.attempt)).toEqual([...attemptStatuses])
    expect(Object.keys(lives.refund)).toEqual([...refundStatuses])
    for (const table of Object.values(lives))
      for (const targets of Object.values(table)) for (const target of targets) expect(Object.keys(table)).toContain(target)
  })

  it('an order that is paid stays paid; a closed one turns only by accepted late money', () => {
    expect(lives.order.succeeded).toEqual([])
    expect(orderMayComeFrom('succeeded')).toEqual(['pending', 'failed', 'closed'])
    expect(orderMayComeFrom('closed')).toEqual(['pending'])
  })

  it('an attempt that is paid stays paid', () => {
    expect(lives.attempt.succeeded).toEqual([])
    expect(attemptMayComeFrom('open')).toEqual(['sent'])
  })

  it('final states of a refund are never left', () => {
    for (const final of ['succeeded', 'failed', 'closed'] as const) expect(lives.refund[final]).toEqual([])
    expect(refundMayComeFrom('succeeded')).toEqual(['pending', 'processing', 'abnormal'])
  })
})
