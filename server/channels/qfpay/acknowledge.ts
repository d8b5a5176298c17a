import type { Acknowledgement } from '../channel.ts'

/** Exactly this word with 200 is taken for "taken"; anything else is told again. */
export function acknowledge(
  outcome: { readonly taken: true } | { readonly taken: false; readonly status: number; readonly message: string },
): Acknowledgement {
  const contentType = 'text/plain; charset=utf-8'
  return outcome.taken
    ? { status: 200, contentType, body: 'SUCCESS' }
    : { status: outcome.status, contentType, body: `FAIL ${outcome.message}` }
}
