import { AsyncLocalStorage } from 'node:async_hooks'
import { NetworkFailure, type OutgoingRequest, type Runtime } from './runtime.ts'

/** A request and what came back, without bodies, headers and queries: nothing of it is a secret. */
export type Exchange = {
  readonly request: string
  /** Absent when no whole answer came. */
  readonly status?: number
  readonly failure?: string
  readonly ms: number
  /** What the other side calls the request; its support asks for that. */
  readonly theirRequestId?: string
}

/** A call asks for certificates and other hosts at most; what asks more often is read in the log. */
const maxExchanges = 10
const idPattern = /^[\w.-]{1,128}$/

export type Exchanges = ReturnType<typeof makeExchanges>

/** Hears which requests go out while some work runs, however deep below. */
export function makeExchanges() {
  const storage = new AsyncLocalStorage<Exchange[]>()
  return { during: <T>(into: Exchange[], work: () => Promise<T>): Promise<T> => storage.run(into, work), over }

  /** The same network, heard. */
  function over(runtime: Runtime): Runtime {
    return {
      ...runtime,
      fetch: (request) => hear(request, () => runtime.fetch(request)),
      download: (request) => hear(request, () => runtime.download(request)),
    }

    async function hear<Answer extends { readonly status: number; readonly headers: Readonly<Record<string, string>> }>(
      asked: OutgoingRequest,
      send: () => Promise<Answer>,
    ): Promise<Answer> {
      const heard = storage.getStore()
      if (heard === undefined || heard.length >= maxExchanges) return send()
      const startedAt = runtime.now()
      const put = (more: Omit<Exchange, 'request' | 'ms'>) => heard.push({ request: lineOf(asked), ms: runtime.now() - startedAt, ...more })
      try {
        const answer = await send()
        const theirs = answer.headers['request-id'] ?? ''
        put({ status: answer.status, ...(idPattern.test(theirs) ? { theirRequestId: theirs } : {}) })
        return answer
      } catch (error) {
        put({ failure: error instanceof NetworkFailure ? error.message : 'failed' })
        throw error
      }
    }
  }
}

function lineOf({ method, url }: OutgoingRequest): string {
  const { origin, pathname } = new URL(url)
  return `${method} ${origin}${pathname}`
}
