import { expect, it } from '@jest/globals'
import { factsOf, factsOfCaller } from '../../../server/http/access-facts.ts'
import { presentOrder } from '../../../server/http/present.ts'
import { asAppId, asOwnId, defaultMerchant } from '../../../shared/kernel/ids.ts'
import { anAttempt, anOrder } from '../../support/builders.ts'

it('an order is told in the log by its number, amount, user and the payment tried last', () => {
  const presented = presentOrder({ order: anOrder({ userId: 'u-1' }), attempts: [anAttempt()], refunds: [] }, () => 'https://pay.example/')

  expect(factsOf(presented)).toEqual({
    orderId: 'D202601020304050001',
    outTradeNo: 'D202601020304050001',
    paymentId: 'pay_1',
    amount: '99.99',
    currency: 'CNY',
    userId: 'u-1',
  })
})

it('a session, a list and nothing at all tell nothing', () => {
  expect([{ token: 'secret', expiresIn: 7200 }, { items: [], nextCursor: null }, undefined, null, 'text'].map(factsOf)).toEqual([
    {},
    {},
    {},
    {},
    {},
  ])
})

it('a caller is told by our own numbers', () => {
  const merchantId = defaultMerchant

  expect(factsOfCaller({ merchantId, keyId: asOwnId('KeyId', 'key_1'), scopes: ['read'] })).toEqual({
    merchantId: 'mer_default',
    keyId: 'key_1',
  })
  expect(factsOfCaller({ merchantId, payerId: asOwnId('PayerId', 'usr_1'), appId: asAppId('wx1') })).toEqual({
    merchantId: 'mer_default',
    payerId: 'usr_1',
  })
  expect(factsOfCaller(undefined)).toEqual({})
})
