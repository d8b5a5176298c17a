import { type ApiAnswer, ApiError, type ApiRequest, type Language, type Transport } from '../generated/shared'
import type { Session } from './session'

export type TransportParts = {
  readonly origin: string
  readonly language: Language
  readonly session: Pick<Session, 'token' | 'renew'>
  readonly send: (ask: { url: string; method: 'GET' | 'POST'; header: Record<string, string>; body?: unknown }) => Promise<ApiAnswer>
  readonly pause: (ms: number) => Promise<void>
}

/** Waits before asking again when no answer came at all; what must not happen twice carries a key. */
const retryDelaysMs = [400, 1200]
const unauthorized = 401

/** One way to the server: address, session, language, silent renewal on 401, and patience with bad networks. */
export function makeTransport({ origin, language, session, send, pause }: TransportParts): Transport {
  return async function transport(request: ApiRequest): Promise<ApiAnswer> {
    if (request.isPublic) return persistent(request, undefined)
    const token = await session.token()
    const answer = await persistent(request, token)
    return answer.status === unauthorized ? persistent(request, await session.renew(token)) : answer
  }

  async function persistent(request: ApiRequest, token: string | undefined): Promise<ApiAnswer> {
    const mayRepeat = request.method === 'GET' || request.idempotencyKey !== undefined
    for (const delay of [...(mayRepeat ? retryDelaysMs : []), undefined]) {
      try {
        return await once(request, token)
      } catch {
        if (delay === undefined) break
        await pause(delay)
      }
    }
    throw new ApiError('NETWORK', language === 'en' ? 'The network is not available' : '网络不可用，请稍后再试')
  }

  function once({ method, path, body, idempotencyKey }: ApiRequest, token: string | undefined): Promise<ApiAnswer> {
    const header = {
      'content-type': 'application/json',
      'accept-language': language,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
    }
    return send({ url: `${origin}/api/v1${path}`, method, header, ...(body === undefined ? {} : { body }) })
  }
}
