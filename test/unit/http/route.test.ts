import { expect, it } from '@jest/globals'
import { z } from 'zod'
import { route } from '../../../server/http/route.ts'

const given = {
  method: 'get',
  path: '/things',
  operationId: 'getThings',
  summary: { en: 'Things', zh: '东西' },
  answer: z.object({ name: z.string() }),
} as const

it('a route without an audience does not compile', () => {
  // @ts-expect-error who may call has no default
  route({ ...given, handle: async () => ({ name: 'thing' }) })
})

it('a handler that leaves a member of its answer out does not compile', () => {
  // @ts-expect-error the name is missing
  route({ ...given, audience: 'public', handle: async () => ({}) })
})

it('a payer’s handler knows a payer, and no key of a merchant', () => {
  route({
    ...given,
    audience: 'payer',
    // @ts-expect-error a payer has no key
    handle: async (_input, { who }) => ({ name: who.keyId }),
  })
})

it('what is not said of a route is the plainest: 200, no input, a body that is not optional', () => {
  const made = route({ ...given, audience: 'public', handle: async () => ({ name: 'thing' }) })

  expect(made).toMatchObject({ status: 200, params: undefined, query: undefined, body: undefined, bodyIsOptional: false })
})
