import { AppError } from '../core/error.ts'
import type { Once, OnceRecord } from '../core/once.ts'
import { sha256Hex } from '../lib/hmac.ts'
import { fieldProblem } from './failures.ts'

const keyPattern = /^[\x21-\x7e]{1,128}$/

export type Answered = { readonly status: number; readonly body: string }

/** Runs a POST under its Idempotency-Key, when it carries one. */
export function makeIdempotent(once: Once) {
  return async function idempotent(
    ask: { readonly key: string; readonly scope: string; readonly route: string; readonly body: unknown; readonly isSecret: boolean },
    work: (record: OnceRecord | undefined) => Promise<Answered>,
  ): Promise<Answered & { replayed: boolean }> {
    if (ask.key === '') return { ...(await work(undefined)), replayed: false }
    if (!keyPattern.test(ask.key)) throw fieldProblem('Idempotency-Key', 'is not 1 to 128 visible characters')
    const { key, scope, route, isSecret } = ask
    return once.run({ key, scope, route, isSecret, requestHash: sha256Hex(canonical(ask.body)) }, work)
  }
}

/** The same for other spacing and another order of members. Depth is bounded by the parser. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`
}

/** Refusals that are answers of their own are kept as such under a key; the rest of a failed run is tried again. */
export function isAnswer(error: unknown): error is AppError {
  return error instanceof AppError
}
