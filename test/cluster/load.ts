import { setTimeout as pause } from 'node:timers/promises'
import type { Emulator } from '../../server/emulator/emulator.ts'

const workers = 24
const askAgainMs = 250
const patienceMs = 90_000
const callLimitMs = 20_000

/** Merchants' servers that order and payers who pay, each asking again under the same key until there is an answer for good. */
export function makeLoad({ origins, emulator, payments }: { origins: readonly string[]; emulator: Emulator; payments: number }) {
  const answersAt: number[] = []
  const acknowledged: string[] = []
  let next = 0
  let done = 0
  let retries = 0
  let took = 0
  return {
    run,
    done: () => done,
    answers: () => answersAt.length,
    retries: () => retries,
    acknowledged: () => acknowledged,
    took: () => took,
    longestGap,
  }

  async function run(): Promise<void> {
    const begun = performance.now()
    await Promise.all(Array.from({ length: workers }, work))
    took = performance.now() - begun
  }

  async function work(): Promise<void> {
    while (next < payments) {
      const n = next++
      const order = await insist(n, '/orders', { subject: `Tea ${n}`, amount: ((n % 500) + 1).toString() }, `make-${n}`)
      acknowledged.push(order.orderId)
      const paying = await insist(n, `/orders/${order.orderId}/pay`, { payType: 'NATIVE' })
      // The phone pays the number it was shown.
      await emulator.act(paying.outTradeNo, { do: 'pay' })
      done++
    }
  }

  /** @throws when there was no answer for good in a minute and a half. */
  async function insist(n: number, path: string, body: object, key?: string): Promise<{ orderId: string; outTradeNo: string }> {
    for (const end = performance.now() + patienceMs; performance.now() < end; ) {
      const origin = origins[(n + retries) % origins.length]
      const answer = await ask(`${origin}/api/v1${path}`, body, key)
      if (answer) {
        answersAt.push(performance.now())
        return answer
      }
      retries++
      await pause(askAgainMs)
    }
    throw new Error(`${path} was not answered in ${patienceMs / 1000} s`)
  }

  async function ask(url: string, body: object, key: string | undefined): Promise<{ orderId: string; outTradeNo: string } | undefined> {
    const headers = {
      'content-type': 'application/json',
      authorization: 'Bearer sk_test_cluster_0001',
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    }
    try {
      const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body), signal: AbortSignal.timeout(callLimitMs) })
      const said = (await answer.json()) as { data: { orderId: string; outTradeNo: string }; code?: string }
      if (answer.ok) return said.data
      if (answer.status < 500 && answer.status !== 409 && answer.status !== 429)
        throw new Refused(`${url} answered ${answer.status} ${said.code}`)
    } catch (error) {
      if (error instanceof Refused) throw error
    }
    return undefined
  }

  /** The longest time without any answer between two instants. */
  function longestGap(from: number, to: number): number {
    const inside = [from, ...answersAt.filter((at) => at > from && at < to), Math.min(to, performance.now())]
    return Math.max(0, ...inside.slice(1).map((at, nth) => at - (inside[nth] ?? at)))
  }
}

class Refused extends Error {}
