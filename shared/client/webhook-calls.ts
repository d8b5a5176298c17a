import { addressOf } from './addresses.ts'
import type {
  ChangeEndpoint,
  EndpointAnswer,
  EndpointWithSecret,
  EventAnswer,
  ListEvents,
  NewEndpoint,
  PageOf,
  Resend,
  RotateSecret,
} from './answers.ts'
import type { Call, CallOptions } from './calls.ts'
import { listing } from './listing.ts'

/** Where events go. */
export function endpointCalls(call: Call) {
  const at = (endpointId: string, ...more: string[]) => addressOf('webhook-endpoints', endpointId, ...more)
  return {
    ...listing<EndpointAnswer, PageOf>(call, '/webhook-endpoints'),
    /** The secret that signs is in this answer, and in no other. */
    create: (ask: NewEndpoint, options?: CallOptions) =>
      call<EndpointWithSecret>({ method: 'POST', path: '/webhook-endpoints', body: ask, ...options }),
    get: (endpointId: string) => call<EndpointAnswer>({ method: 'GET', path: at(endpointId) }),
    change: (endpointId: string, change: ChangeEndpoint) => call<EndpointAnswer>({ method: 'PATCH', path: at(endpointId), body: change }),
    remove: (endpointId: string) => call<EndpointAnswer>({ method: 'DELETE', path: at(endpointId) }),
    rotateSecret: (endpointId: string, ask: RotateSecret = {}, options?: CallOptions) =>
      call<EndpointWithSecret>({ method: 'POST', path: at(endpointId, 'rotate-secret'), body: ask, ...options }),
  }
}

/** The log of events. */
export function eventCalls(call: Call) {
  return {
    ...listing<EventAnswer, ListEvents>(call, '/events'),
    get: (eventId: string) => call<EventAnswer>({ method: 'GET', path: addressOf('events', eventId) }),
    resend: (eventId: string, ask: Resend = {}, options?: CallOptions) =>
      call<EventAnswer>({ method: 'POST', path: addressOf('events', eventId, 'resend'), body: ask, ...options }),
  }
}
