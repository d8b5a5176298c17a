import { type KeyObject, randomBytes, sign } from 'node:crypto'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { asInstant } from '../../shared/kernel/time.ts'
import { makeHttpClient } from './http-client.ts'
import type { Runtime } from './runtime.ts'

export type NodeRuntime = Runtime & { end(): Promise<void> }

/** The real clock, chance and network. The only place that knows them. */
export function makeNodeRuntime(): NodeRuntime {
  const client = makeHttpClient()
  return {
    now: () => asInstant(Date.now()),
    sleep,
    deadline,
    randomBytes: makeRandomPool(),
    fetch: client.fetch,
    download: client.download,
    gunzip: (chunks) => Readable.from(chunks).compose(createGunzip()),
    signRsaSha256,
    end: client.end,
  }
}

/** The same in a time that is so many milliseconds ahead, at each moment anew. Waiting takes as long as ever. */
export function movedBy(runtime: NodeRuntime, offsetMs: () => number): NodeRuntime {
  return { ...runtime, now: () => asInstant(runtime.now() + offsetMs()) }
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done, { once: true })
    function done(): void {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
  })
}

function deadline(ms: number): { signal: AbortSignal; clear(): void } {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), ms)
  return { signal: controller.signal, clear: () => clearTimeout(timer) }
}

/** With a callback, Node signs in its thread pool; the event loop goes on. */
function signRsaSha256(key: KeyObject, bytes: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => sign('sha256', bytes, key, (error, signature) => (error ? reject(error) : resolve(signature))))
}

const poolBytes = 8192

/** Random bytes are asked for often and few at a time; fetching them from the system in one go is cheaper. No byte is given twice. */
function makeRandomPool(): (count: number) => Uint8Array {
  let pool = randomBytes(poolBytes)
  let used = 0
  return (count) => {
    if (count > poolBytes) return randomBytes(count)
    if (used + count > poolBytes) {
      pool = randomBytes(poolBytes)
      used = 0
    }
    used += count
    return pool.subarray(used - count, used)
  }
}
