import type { Instant } from '../../shared/kernel/time.ts'
import { newId } from '../lib/ids.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { Sealer } from '../lib/seal.ts'
import { Secret } from '../lib/secret.ts'
import type { Database } from '../store/database.ts'
import { claimKey, endLease, finishKey, forgetKey } from '../store/idempotency.ts'
import { AppError } from './error.ts'

/** What a run under a key may build its numbers on: a run after a crash gets the same. */
export type OnceRecord = { readonly recordId: string; readonly createdAt: Instant }

export type OnceAsk = {
  /** Whose keys they are: a merchant's or a payer's. */
  readonly scope: string
  readonly key: string
  /** Method and path. */
  readonly route: string
  /** A hash of the body's content, the same for other spacing and member order. */
  readonly requestHash: string
  /** The answer carries a secret: it is kept sealed. */
  readonly isSecret?: boolean | undefined
}
export type OnceAnswer = { readonly status: number; readonly body: string }

/** A run that has not ended after so long is dead; the same key then goes on under the same numbers. */
const leaseMs = 20_000
/** What sealed answers are sealed for. */
const purpose = 'idempotent answer'

export type Once = ReturnType<typeof makeOnce>

/** Idempotency-Key: the first final answer is kept for 24 h and given again byte for byte. */
export function makeOnce({ db, runtime, sealer }: { db: Database; runtime: Runtime; sealer: Sealer }) {
  return { run }

  /**
   * @param work makes the final answer; runs at most once at a time for a key.
   * @throws AppError IDEMPOTENCY_MISMATCH for another request under the key; CONFLICT while the first runs.
   */
  async function run(
    ask: OnceAsk,
    work: (record: OnceRecord) => Promise<OnceAnswer>,
  ): Promise<OnceAnswer & { readonly replayed: boolean }> {
    const claim = await claimKey(db, { ...ask, recordId: newId(runtime, 'idem'), now: runtime.now(), leaseMs })
    switch (claim.kind) {
      case 'mismatch':
        throw new AppError('IDEMPOTENCY_MISMATCH', 'this Idempotency-Key was used for another request')
      case 'running':
        throw new AppError('CONFLICT', 'the first request with this Idempotency-Key is still running', {
          details: { isRunning: true },
          retryAfterSeconds: 1,
        })
      case 'done':
        return { status: claim.status, body: opened(ask, claim.body), replayed: true }
      case 'first':
      case 'again':
        return { ...(await runClaimed(ask, claim.record, work)), replayed: false }
    }
  }

  async function runClaimed(ask: OnceAsk, record: OnceRecord, work: (record: OnceRecord) => Promise<OnceAnswer>): Promise<OnceAnswer> {
    let answer: OnceAnswer
    try {
      answer = await work(record)
    } catch (error) {
      await endLease(db, record.recordId)
      throw error
    }
    if (isFinal(answer.status)) await finishKey(db, record.recordId, { ...answer, body: kept(ask, answer.body) })
    else if (answer.status >= 500) await endLease(db, record.recordId)
    else await forgetKey(db, record.recordId)
    return answer
  }

  function kept(ask: OnceAsk, body: string): string {
    return ask.isSecret === true ? sealer.seal(purpose, placeOf(ask), new Secret(body)) : body
  }

  function opened(ask: OnceAsk, body: string): string {
    return ask.isSecret === true ? sealer.open(purpose, placeOf(ask), body).reveal() : body
  }
}

function placeOf({ scope, key }: OnceAsk): string {
  return `${scope} ${key}`
}

function isFinal(status: number): boolean {
  return status < 500 && status !== 409 && status !== 429
}
