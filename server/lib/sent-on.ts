import type { LogScope } from './log-scope.ts'
import type { OutgoingRequest, Runtime } from './runtime.ts'

/** The same network, on which the id of the request that something is sent for goes along: whoever gets it can name it to us. */
export function sendingOn(runtime: Runtime, scope: Pick<LogScope, 'field'>): Runtime {
  return { ...runtime, fetch: (request) => runtime.fetch(named(request)), download: (request) => runtime.download(named(request)) }

  function named(request: OutgoingRequest): OutgoingRequest {
    const requestId = scope.field('requestId')
    return typeof requestId === 'string' ? { ...request, headers: { ...request.headers, 'x-request-id': requestId } } : request
  }
}
