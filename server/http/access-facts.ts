import type { Audience, Principal } from './route.ts'

/** Members of an answer, or of an address, that say in the log what a request was about. None is a secret or names a person. */
const telling = ['orderId', 'refundId', 'productId', 'outTradeNo', 'paymentId', 'amount', 'currency', 'userId', 'endpointId'] as const

type Facts = Readonly<Record<string, string | undefined>>

/** Whom the request came from, as our own numbers. */
export function factsOfCaller(who: Principal[Audience]): Facts {
  if (who === undefined) return {}
  if ('device' in who) return { merchantId: who.merchantId, orderId: who.orderId, ...(who.payer ? { payerId: who.payer.payerId } : {}) }
  return 'payerId' in who ? { merchantId: who.merchantId, payerId: who.payerId } : { merchantId: who.merchantId, keyId: who.keyId }
}

/** What an answer is about: its own members, the merchant's user, and of an order the payment that was tried last. */
export function factsOf(answer: unknown): Facts {
  if (typeof answer !== 'object' || answer === null) return {}
  const attempts: unknown = Reflect.get(answer, 'attempts')
  const last: unknown = Array.isArray(attempts) ? attempts.at(-1) : undefined
  return { ...textMembers(last, ['paymentId', 'outTradeNo']), ...textMembers(answer, telling) }
}

function textMembers(value: unknown, names: readonly string[]): Facts {
  if (typeof value !== 'object' || value === null) return {}
  const members: Record<string, string> = {}
  for (const name of names) {
    const member: unknown = Reflect.get(value, name)
    if (typeof member === 'string') members[name] = member
  }
  return members
}
