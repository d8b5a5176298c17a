import type { OutgoingPost } from '../../server/emulator/runtime.ts'

/** Delivers a notification as the channel does; the status it was answered with. */
export async function deliver(
  { url, headers, body }: OutgoingPost,
  change: { headers?: Record<string, string | undefined>; body?: Uint8Array } = {},
): Promise<{ status: number; body: string }> {
  const merged = Object.fromEntries(
    Object.entries({ ...headers, ...change.headers }).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
  const answer = await fetch(url, { method: 'POST', headers: merged, body: Buffer.from(change.body ?? body) })
  return { status: answer.status, body: await answer.text() }
}

/** Does the work for all, so many at a time. */
export async function inParallel<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items]
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item)
    }),
  )
}

/** The same list in another order, by a fixed rule. */
export function shuffled<T>(items: readonly T[], seed = 7): T[] {
  const result = [...items]
  let state = seed
  for (let at = result.length - 1; at > 0; at--) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    const other = state % (at + 1)
    const [one, two] = [result[at], result[other]]
    if (one !== undefined && two !== undefined) [result[at], result[other]] = [two, one]
  }
  return result
}
