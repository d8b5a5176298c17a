import { Agent, buildConnector, type Dispatcher, Pool } from 'undici'
import { sha256Hex } from './hmac.ts'
import { assertPublicHost, makePublicLookup, PrivateAddress } from './public-address.ts'
import { type ClientCertificate, type IncomingAnswer, NetworkFailure, type OutgoingRequest, type StreamedAnswer } from './runtime.ts'

const connectionsPerOrigin = 32
const connectTimeoutMs = 5000
const keepAliveMs = 30_000
const shortKeepAliveMs = 2000

/** What undici and Node say when nothing has left this machine yet. */
const notSentCodes = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  // The same, when name servers are asked directly.
  'ENODATA',
  'ESERVFAIL',
  'EREFUSED',
  'ETIMEOUT',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'EADDRNOTAVAIL',
])
const tlsCodes = /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO)/

/**
 * The one way out: a pool of kept connections for each origin. Follows no redirect, decodes nothing, and knows no way to leave a
 * certificate unverified.
 *
 * @param nameServers asked for other people's names, instead of the system's.
 */
export function makeHttpClient({ nameServers }: { readonly nameServers?: readonly string[] | undefined } = {}) {
  const pools = new Map<string, Pool>()
  /** Made when it is first needed; keeps no connection for long, for there may be any number of addresses. */
  let outward: Agent | undefined
  return { fetch, download, end }

  async function end(): Promise<void> {
    await Promise.all([...pools.values(), ...(outward === undefined ? [] : [outward])].map((one) => one.destroy()))
  }

  /** @throws NetworkFailure */
  async function fetch(asked: OutgoingRequest): Promise<IncomingAnswer> {
    const limit = limitOf(asked)
    try {
      const answer = await send(asked, limit.signal)
      return { status: answer.statusCode, headers: plain(answer.headers), body: await readAll(answer, asked.maxBytes) }
    } catch (error) {
      throw failureOf(error, limit.signal.aborted, asked.timeoutMs)
    } finally {
      limit.clear()
    }
  }

  /** @throws NetworkFailure, also while the pieces are read. */
  async function download(asked: OutgoingRequest): Promise<StreamedAnswer> {
    const limit = limitOf(asked)
    try {
      const answer = await send(asked, limit.signal)
      return { status: answer.statusCode, headers: plain(answer.headers), chunks: pieces(answer, asked, limit) }
    } catch (error) {
      limit.clear()
      throw failureOf(error, limit.signal.aborted, asked.timeoutMs)
    }
  }

  async function send(
    { method, url, headers, body, clientCertificate, publicOnly = false }: OutgoingRequest,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const { origin, hostname, pathname, search } = new URL(url)
    const path = pathname + search
    if (publicOnly) assertPublicHost(hostname)
    return (publicOnly ? outwardAgent() : poolOf(origin, clientCertificate)).request({
      origin,
      method,
      path,
      headers: { ...headers, 'accept-encoding': 'identity' },
      body: body ?? null,
      signal,
    })
  }

  function outwardAgent(): Agent {
    outward ??= new Agent({
      connections: connectionsPerOrigin,
      keepAliveTimeout: shortKeepAliveMs,
      connect: buildConnector({ timeout: connectTimeoutMs, lookup: makePublicLookup(nameServers) }),
    })
    return outward
  }

  /** Whoever shows a certificate has connections of his own: nobody else's request may travel under his name. */
  function poolOf(origin: string, shown: ClientCertificate | undefined): Pool {
    const name = shown === undefined ? origin : `${origin} ${sha256Hex(shown.certificate)}`
    const known = pools.get(name)
    if (known) return known
    const tls = shown === undefined ? {} : { cert: shown.certificate, key: shown.privateKey.reveal() }
    const pool = new Pool(origin, {
      connections: connectionsPerOrigin,
      keepAliveTimeout: keepAliveMs,
      connect: buildConnector({ timeout: connectTimeoutMs, ...tls }),
    })
    pools.set(name, pool)
    return pool
  }
}

type Limit = { readonly signal: AbortSignal; clear(): void }

function limitOf({ timeoutMs }: OutgoingRequest): Limit {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), timeoutMs)
  return { signal: controller.signal, clear: () => clearTimeout(timer) }
}

async function* pieces(
  { body }: Dispatcher.ResponseData,
  { maxBytes, timeoutMs }: OutgoingRequest,
  limit: Limit,
): AsyncGenerator<Uint8Array> {
  let bytes = 0
  try {
    for await (const chunk of body) {
      bytes += chunk.length
      if (bytes > maxBytes) refuse(body, maxBytes)
      yield chunk
    }
  } catch (error) {
    throw failureOf(error, limit.signal.aborted, timeoutMs)
  } finally {
    limit.clear()
    body.destroy()
  }
}

async function readAll({ body, headers }: Dispatcher.ResponseData, maxBytes: number): Promise<Uint8Array> {
  if (Number(headers['content-length'] ?? 0) > maxBytes) return refuse(body, maxBytes)
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > maxBytes) return refuse(body, maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function refuse(body: Dispatcher.ResponseData['body'], maxBytes: number): never {
  body.destroy()
  throw new NetworkFailure('lost', `the answer is longer than ${maxBytes} bytes`)
}

function plain(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  )
}

function failureOf(error: unknown, isTimeout: boolean, timeoutMs: number): NetworkFailure {
  if (error instanceof NetworkFailure) return error
  if (isTimeout) return new NetworkFailure('lost', `no whole answer within ${timeoutMs} ms`, { isTimeout: true })
  if (isPrivate(error)) return new NetworkFailure('notSent', 'the address is not a public one', { isBlocked: true, cause: error })
  const code = codeOf(error)
  if (tlsCodes.test(code)) return new NetworkFailure('notSent', `TLS could not be established: ${code}`, { isTls: true, cause: error })
  if (notSentCodes.has(code))
    return new NetworkFailure('notSent', `no connection: ${code}`, { isTimeout: code === 'UND_ERR_CONNECT_TIMEOUT', cause: error })
  return new NetworkFailure('lost', `the exchange was cut off: ${code || 'no reason given'}`, { cause: error })
}

function isPrivate(error: unknown): boolean {
  if (error instanceof PrivateAddress) return true
  if (error instanceof AggregateError) return error.errors.some(isPrivate)
  return typeof error === 'object' && error !== null && 'cause' in error && isPrivate(error.cause)
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0])
  if (typeof error !== 'object' || error === null) return ''
  if ('code' in error && typeof error.code === 'string') return error.code
  return 'cause' in error ? codeOf(error.cause) : ''
}
