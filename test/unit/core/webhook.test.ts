import { describe, expect, it } from '@jest/globals'
import { decideTry } from '../../../server/core/rules/decide-delivery.ts'
import { type Delivery, deliveryIdOf, isToldOf, nextDeliveryAt, outcomeOf, type TryOutcome } from '../../../server/core/rules/webhook.ts'
import { asOrderId, asOwnId, defaultMerchant } from '../../../shared/kernel/ids.ts'
import { asInstant } from '../../../shared/kernel/time.ts'

const at = asInstant(1_700_000_000_000)
const eventId = asOwnId('EventId', 'evt_01hh3vw000abcdefghjkmnpqrs')
const endpointId = asOwnId('EndpointId', 'whe_01hh3vw000srqpnmkjhgfedcba')
const delivery: Delivery = {
  merchantId: defaultMerchant,
  deliveryId: deliveryIdOf(eventId, endpointId),
  eventId,
  endpointId,
  status: 'pending',
  tries: 0,
  createdAt: at,
}
const event = {
  merchantId: defaultMerchant,
  eventId,
  type: 'order.created',
  orderId: asOrderId('ORDER0001'),
  createdAt: at,
  data: '{}',
} as const
const tried = (outcome: TryOutcome, tries = 0) =>
  decideTry({ delivery: { ...delivery, tries }, event, endpoint: { url: 'https://a.example' }, made: { at, ms: 5, outcome }, chance: 0 })

describe('the ladder of a delivery', () => {
  it('is the contract’s: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h, and then no more', () => {
    const steps = Array.from({ length: 10 }, (_, nth) => nextDeliveryAt(nth + 1, at, 0)).map((next) =>
      next === undefined ? undefined : (next - at) / 1000,
    )

    expect(steps).toEqual([5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400, undefined])
  })

  it('has a little chance in it, a tenth at most, so that those who waited do not all come at once', () => {
    expect(Number(nextDeliveryAt(2, at, 1)) - at).toBe(330_000)
  })
})

describe('what an answer means', () => {
  it.each([
    [200, 'delivered'],
    [204, 'delivered'],
    [299, 'delivered'],
    [301, 'redirected'],
    [304, 'redirected'],
    [400, 'refused'],
    [404, 'refused'],
    [410, 'gone'],
    [429, 'refused'],
    [500, 'refused'],
    [100, 'refused'],
  ] as Array<[number, TryOutcome]>)('%d is %s', (status, outcome) => {
    expect(outcomeOf(status)).toBe(outcome)
  })
})

describe('after a try the delivery', () => {
  it.each([
    ['delivered', 0, 'succeeded', false],
    ['refused', 0, 'pending', true],
    ['timeout', 8, 'pending', true],
    ['timeout', 9, 'failed', false],
    ['unreachable', 3, 'pending', true],
    ['blocked', 3, 'pending', true],
    ['gone', 0, 'failed', false],
    ['dropped', 0, 'failed', false],
  ] as Array<[TryOutcome, number, string, boolean]>)('that was %s after %d others is %s', (outcome, tries, to, goesOn) => {
    const { decision, nextAt } = tried(outcome, tries)

    expect(decision.changes[0]).toMatchObject({ kind: 'writeTry', to, tries: tries + 1 })
    expect(nextAt !== undefined).toBe(goesOn)
  })

  it('to an endpoint that is gone has disabled the endpoint', () => {
    expect(tried('gone').decision.changes).toContainEqual(expect.objectContaining({ kind: 'disableEndpoint', endpointId }))
    expect(tried('refused').decision.changes).toHaveLength(1)
  })
})

describe('an endpoint is told', () => {
  it('of everything, or of what it asked for, and of nothing while it is disabled', () => {
    expect(isToldOf({ status: 'enabled', types: undefined }, 'payment.late')).toBe(true)
    expect(isToldOf({ status: 'enabled', types: ['payment.late'] }, 'payment.late')).toBe(true)
    expect(isToldOf({ status: 'enabled', types: ['order.closed'] }, 'payment.late')).toBe(false)
    expect(isToldOf({ status: 'disabled', types: undefined }, 'payment.late')).toBe(false)
  })

  it('by one delivery for an event, whoever makes it', () => {
    const other = asOwnId('EndpointId', 'whe_01hh3vw000srqpnmkjhgfedcbb')

    expect(deliveryIdOf(eventId, endpointId)).toBe(deliveryIdOf(eventId, endpointId))
    expect(deliveryIdOf(eventId, endpointId)).not.toBe(deliveryIdOf(eventId, other))
    expect(deliveryIdOf(eventId, endpointId).length).toBeLessThanOrEqual(64)
  })
})
