import type { KeyObject } from 'node:crypto'
import type { Instant } from '../../shared/kernel/time.ts'
import type { Secret } from './secret.ts'

/**
 * All that the server takes from outside of itself but rows: time, chance, the network, and work that leaves the event loop. It is
 * handed in at the root, so that a test runs the whole server under its own clock and its own network.
 */
export type Runtime = {
  now(): Instant
  /** Resolves after so long, or at once when the signal fires; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** A signal that fires after so long; `clear` when it is no longer needed. */
  deadline(ms: number): { readonly signal: AbortSignal; clear(): void }
  randomBytes(count: number): Uint8Array
  /** @throws NetworkFailure when no whole answer came. */
  fetch(request: OutgoingRequest): Promise<IncomingAnswer>
  /** As `fetch`, for an answer too large to be held: it is read piece by piece, and that may fail too. @throws NetworkFailure */
  download(request: OutgoingRequest): Promise<StreamedAnswer>
  /** Uncompressed as it comes. @throws Error while it is read, when it is no gzip. */
  gunzip(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>
  /** RSASSA-PKCS1-v1_5 with SHA-256, off the event loop. */
  signRsaSha256(key: KeyObject, bytes: Uint8Array): Promise<Uint8Array>
}

export type OutgoingRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** The very bytes that go out; they are what was signed. */
  readonly body?: Uint8Array | undefined
  /** For the whole exchange, the last byte of the answer included. */
  readonly timeoutMs: number
  /** An answer longer than this is cut off and is a failure. */
  readonly maxBytes: number
  /** Shown to the other side where it asks who calls (two-way TLS). */
  readonly clientCertificate?: ClientCertificate | undefined
  /** The address is somebody else's word: it is called only when it is one of the internet's. */
  readonly publicOnly?: boolean | undefined
}

/** A certificate and its private key in PEM. */
export type ClientCertificate = { readonly certificate: string; readonly privateKey: Secret }

export type IncomingAnswer = {
  readonly status: number
  /** Names in lower case; a header that came twice is joined by `, `. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export type StreamedAnswer = Omit<IncomingAnswer, 'body'> & { readonly chunks: AsyncIterable<Uint8Array> }

type NetworkFailureMore = { isTimeout?: boolean; isTls?: boolean; isBlocked?: boolean; cause?: unknown }

/**
 * No whole answer came. `notSent`: nothing left this machine (name not found, refused, TLS not established); `lost`: the request may
 * have arrived, nobody knows.
 */
export class NetworkFailure extends Error {
  readonly kind: 'notSent' | 'lost'
  readonly isTimeout: boolean
  readonly isTls: boolean
  /** Not called because the address is within somebody's network. */
  readonly isBlocked: boolean

  constructor(kind: 'notSent' | 'lost', message: string, more: NetworkFailureMore = {}) {
    super(message, { cause: more.cause })
    this.name = 'NetworkFailure'
    this.kind = kind
    this.isTimeout = more.isTimeout ?? false
    this.isTls = more.isTls ?? false
    this.isBlocked = more.isBlocked ?? false
  }
}
