import { asInstant, type Instant } from '../../shared/kernel/time.ts'
import type { Database } from './database.ts'
import { insertNew } from './insert-ignore.ts'

/** How long an answer is kept (contract 2). */
const keptMs = 24 * 60 * 60 * 1000
/** How far two instances' clocks may differ. */
const clockToleranceMs = 5 * 60 * 1000
const sweepStep = 500
/** What is left after so many steps waits for the next sweep. */
const maxSweepSteps = 2000

export type IdempotencyRecord = { readonly recordId: string; readonly createdAt: Instant }
export type KeyClaim =
  | { readonly kind: 'first' | 'again'; readonly record: IdempotencyRecord }
  | { readonly kind: 'running' | 'mismatch' }
  | { readonly kind: 'done'; readonly status: number; readonly body: string }

type Ask = {
  readonly scope: string
  readonly key: string
  readonly route: string
  readonly requestHash: string
  readonly recordId: string
  readonly now: Instant
  readonly leaseMs: number
}

const columns = ['record_id', 'route', 'request_hash', 'created_at', 'lease_until', 'status', 'body'] as const

/** Takes a key for a run. `again`: an earlier run ended without an answer; this one goes on under its record. */
export async function claimKey(db: Database, ask: Ask): Promise<KeyClaim> {
  const leaseUntil = asInstant(ask.now + ask.leaseMs)
  const row = {
    scope: ask.scope,
    idem_key: ask.key,
    record_id: ask.recordId,
    route: ask.route,
    request_hash: ask.requestHash,
    created_at: ask.now,
    lease_until: leaseUntil,
    status: null,
    body: null,
  }
  if (await insertNew(db, 'idempotency', row)) return { kind: 'first', record: { recordId: ask.recordId, createdAt: ask.now } }
  const known = await db.query
    .selectFrom('idempotency')
    .select(columns)
    .where('scope', '=', ask.scope)
    .where('idem_key', '=', ask.key)
    .executeTakeFirst()
  if (!known) return { kind: 'running' }
  if (known.created_at + keptMs <= ask.now) return replaceOld(db, ask, known.record_id)
  if (known.route !== ask.route || known.request_hash !== ask.requestHash) return { kind: 'mismatch' }
  if (known.status !== null) return { kind: 'done', status: known.status, body: known.body ?? '' }
  // A lease that ends later than any given now was given by a clock that was ahead.
  const isHeld = known.lease_until > ask.now && known.lease_until <= ask.now + ask.leaseMs + clockToleranceMs
  if (isHeld) return { kind: 'running' }
  const taken = await db.query
    .updateTable('idempotency')
    .set({ lease_until: leaseUntil })
    .where('record_id', '=', known.record_id)
    .where('lease_until', '=', known.lease_until)
    .where('status', 'is', null)
    .executeTakeFirst()
  return taken.numUpdatedRows === 1n
    ? { kind: 'again', record: { recordId: known.record_id, createdAt: known.created_at } }
    : { kind: 'running' }
}

async function replaceOld(db: Database, ask: Ask, recordId: string): Promise<KeyClaim> {
  await db.query.deleteFrom('idempotency').where('record_id', '=', recordId).execute()
  return claimKey(db, ask)
}

/** Keeps the final answer. */
export async function finishKey(db: Database, recordId: string, answer: { readonly status: number; readonly body: string }): Promise<void> {
  await db.query
    .updateTable('idempotency')
    .set({ status: answer.status, body: answer.body })
    .where('record_id', '=', recordId)
    .where('status', 'is', null)
    .execute()
}

/** The key may be used anew, for any request. */
export async function forgetKey(db: Database, recordId: string): Promise<void> {
  await db.query.deleteFrom('idempotency').where('record_id', '=', recordId).where('status', 'is', null).execute()
}

/** The run ended without a final answer: the same request may go on at once under the same record. */
export async function endLease(db: Database, recordId: string): Promise<void> {
  await db.query
    .updateTable('idempotency')
    .set({ lease_until: asInstant(0) })
    .where('record_id', '=', recordId)
    .where('status', 'is', null)
    .execute()
}

/** Removes what is older than a day, in small steps: one long statement would keep everybody waiting. */
export async function sweepIdempotency(db: Database, now: Instant): Promise<void> {
  for (let step = 0; step < maxSweepSteps; step++) {
    const old = await db.query
      .selectFrom('idempotency')
      .select('record_id')
      .where('created_at', '<', asInstant(now - keptMs))
      .orderBy('created_at')
      .limit(sweepStep)
      .execute()
    if (old.length === 0) return
    const ids = old.map((row) => row.record_id)
    await db.query.deleteFrom('idempotency').where('record_id', 'in', ids).execute()
  }
}
