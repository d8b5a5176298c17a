import { describe, expect, it } from '@jest/globals'
import { adoptRefund, decideRefund, decideRefundRefused } from '../../../server/core/rules/decide-refund.ts'
import { asRefundId } from '../../../shared/kernel/ids.ts'
import { moneyOf } from '../../../shared/kernel/money.ts'
import { refundMoves, refundStatuses } from '../../../shared/kernel/states.ts'
import { asInstant } from '../../../shared/kernel/time.ts'
import { aDay, aMerchantNumber, anAttempt, aRefund, aRefundReport } from '../../support/builders.ts'

const now = asInstant(aDay + 120_000)
const succeeded = { status: 'succeeded', succeededAt: asInstant(aDay + 90_000) } as const

describe('a report about a refund of ours', () => {
  it('a success books the reserved amount, tells it, and ends its tasks', () => {
    const refund = aRefund({ status: 'processing' })

    const { verdict, decision } = decideRefund({
      merchantRef: aMerchantNumber,
      refund,
      report: aRefundReport(refund, succeeded, { channelRefundId: '503' }),
      now,
    })

    expect(verdict).toBe('succeeded')
    expect(decision.changes).toMatchObject([
      { kind: 'moveRefund', to: 'succeeded', set: { channelRefundId: '503', succeededAt: aDay + 90_000 } },
      { kind: 'bookRefund', amount: 1000 },
    ])
    expect(decision.events.map((event) => event.type)).toEqual(['refund.succeeded'])
    expect(decision.ended.map((task) => task.kind)).toEqual(['refund.send', 'refund.sync'])
  })

  it('surplus money that is back leaves the order’s own figures alone', () => {
    const refund = aRefund({ cause: 'duplicate' })

    const { decision } = decideRefund({ merchantRef: aMerchantNumber, refund, report: aRefundReport(refund, succeeded), now })

    expect(decision.changes.map((change) => change.kind)).toEqual(['moveRefund'])
  })

  it('a refund the channel gave up frees its amount', () => {
    const refund = aRefund({ status: 'processing' })

    const { decision } = decideRefund({ merchantRef: aMerchantNumber, refund, report: aRefundReport(refund, { status: 'closed' }), now })

    expect(decision.changes).toMatchObject([{ to: 'closed' }, { kind: 'releaseRefund', amount: 1000 }])
    expect(decision.events.map((event) => event.type)).toEqual(['refund.failed'])
  })

  it('an abnormal one keeps its amount reserved and is told', () => {
    const refund = aRefund({ status: 'processing' })

    const { decision } = decideRefund({ merchantRef: aMerchantNumber, refund, report: aRefundReport(refund, { status: 'abnormal' }), now })

    expect(decision.changes).toMatchObject([{ to: 'abnormal' }])
    expect(decision.events.map((event) => event.type)).toEqual(['refund.abnormal'])
  })

  it('an accepted one is asked about until it ends', () => {
    const { decision } = decideRefund({
      merchantRef: aMerchantNumber,
      refund: aRefund(),
      report: aRefundReport(aRefund(), { status: 'processing' }),
      now,
    })

    expect(decision.tasks).toMatchObject([{ kind: 'refund.sync', subject: 'ref_1' }])
  })

  it('of another amount is believed in nothing', () => {
    const refund = aRefund()

    expect(
      decideRefund({
        merchantRef: aMerchantNumber,
        refund,
        report: aRefundReport(refund, succeeded, { amount: moneyOf(999, 'CNY') }),
        now,
      }),
    ).toMatchObject({
      verdict: 'mismatch',
      decision: { changes: [] },
    })
  })

  it.each(
    refundStatuses.flatMap((status) => (['succeeded', 'processing', 'abnormal', 'closed'] as const).map((word) => [status, word] as const)),
  )('in state %s, the word %s moves it only along the table', (status, word) => {
    const refund = aRefund({ status })

    const { decision } = decideRefund({
      merchantRef: aMerchantNumber,
      refund,
      report: aRefundReport(refund, word === 'succeeded' ? succeeded : { status: word }),
      now,
    })

    const moved = decision.changes.some((change) => change.kind === 'moveRefund')
    expect(moved).toBe((refundMoves[status] as readonly string[]).includes(word))
  })

  it('refused by a rule of the channel ends as failed with its reason, and frees its amount', () => {
    expect(decideRefundRefused(aRefund(), 'too old', now).changes).toMatchObject([
      { kind: 'moveRefund', to: 'failed', set: { failure: 'too old' } },
      { kind: 'releaseRefund' },
    ])
  })
})

describe('a refund made outside of us', () => {
  const foreign = aRefund({ refundId: asRefundId('console-1') })

  it('of a kept payment is adopted, so that our own refunds cannot exceed the rest', () => {
    const { verdict, decision } = adoptRefund({
      attempt: anAttempt({ status: 'succeeded', kept: true }),
      report: aRefundReport(foreign, succeeded),
      notifyUrl: 'https://shop.example/notify',
      now,
    })

    expect(verdict).toBe('adopted')
    expect(decision.changes).toMatchObject([
      { kind: 'reserveRefund', amount: 1000 },
      { kind: 'insertRefund', refund: { refundId: 'console-1', cause: 'external', status: 'succeeded' } },
      { kind: 'bookRefund', amount: 1000 },
    ])
    expect(decision.events.map((event) => event.type)).toEqual(['refund.created', 'refund.succeeded'])
  })

  it('of a payment that was not kept is no matter of the order', () => {
    expect(
      adoptRefund({
        attempt: anAttempt({ status: 'succeeded', kept: false }),
        report: aRefundReport(foreign, succeeded),
        notifyUrl: 'https://shop.example/notify',
        now,
      }).verdict,
    ).toBe('ignored')
  })
})
