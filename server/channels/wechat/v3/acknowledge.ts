import type { Acknowledgement } from '../../channel.ts'

/** 204 and nothing else when taken; a status that is no success, with words, otherwise (fact sheet §5.1). */
export function acknowledge(
  outcome: { readonly taken: true } | { readonly taken: false; readonly status: number; readonly message: string },
): Acknowledgement {
  if (outcome.taken) return { status: 204, body: '' }
  return {
    status: outcome.status,
    contentType: 'application/json; charset=utf-8',
    body: JSON.stringify({ code: 'FAIL', message: outcome.message }),
  }
}
