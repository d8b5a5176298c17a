// biome-ignore lint/suspicious/noExplicitAny: an answer is looked at member by member
export type Data = any
/** What somebody was answered. */
export type Told = { readonly status: number; readonly data: Data; readonly text: string; readonly at: number }

export const merchantKeys = ['sk_test_simulated_0', 'sk_test_simulated_1'] as const

/** Asking again would change nothing. */
export function isForGood({ status }: Told): boolean {
  return status < 500 && status !== 409 && status !== 429 && status !== 401
}
