import { type Engine, Violation } from './engine.ts'
import type { Action } from './plan.ts'
import type { Draw } from './random.ts'
import { type Data, isForGood, merchantKeys, type Told } from './told.ts'

const ways = ['refund', 'assign', 'note'] as const
type Way = (typeof ways)[number]
const wayOfAction: Partial<Record<Action['do'], Way>> = { staffRefund: 'refund', staffAssign: 'assign', staffNote: 'note' }
const statusOfWay = { refund: 'refunded', assign: 'assigned', note: 'noted' } as const
const maxLooks = 5
const looksAgainMs = 2000
const thinksMs = 20_000

type Outside = {
  readonly engine: Engine
  readonly draw: Draw
  readonly send: (
    who: string,
    method: string,
    path: string,
    body: object | undefined,
    headers: Record<string, string>,
    token: string,
  ) => Promise<Told | undefined>
  readonly insist: (key: string, ask: () => Promise<Told | undefined>, how: { isEnough: (told: Told) => boolean }) => Promise<void>
  readonly met: (what: string) => void
}
/** One row as somebody means to settle it. */
type Job = {
  readonly who: string
  readonly token: string
  readonly item: Data
  readonly way: Way
  readonly key: string
  readonly note: string
}

/** Those who look at what is listed and settle it, by whichever instance answers, now and then two of them at once. */
export function makeStaff({ engine, draw, send, insist, met }: Outside) {
  const settled = new Map<string, Data>()
  return { act, settled, forget: () => settled.clear() }

  async function act({ id, do: what, pick }: Action): Promise<void> {
    const merchant = draw('staff', `${id} merchant`) < 0.8 ? 0 : 1
    const [token, who] = [merchantKeys[merchant], `staff${merchant}`]
    const items = await look(who, token, '/unmatched?status=open&limit=100')
    // What holds up an order first.
    const holding = items.filter(({ orderId }) => orderId !== null)
    const urgent = holding.length > 0 ? holding : items
    const item = urgent[Math.floor(pick * urgent.length)]
    if (!item) return
    await engine.wait(`${who}/thinks`, thinksMs * draw('staff', `${id} thinks`) ** 3)
    const job = (hand: string, way: Way, note: string): Job => ({
      who: `${who}${hand}`,
      token,
      item,
      way,
      key: `settle-${id}${hand}`,
      note,
    })
    const way = wayOfAction[what]
    if (way !== undefined) return settle(job('', way, `slip ${id}`))
    // One who pressed twice, or two who know nothing of each other.
    const first = draw('staff', `${id} first`)
    const isSame = draw('staff', `${id} same`) < 0.4
    const second = isSame ? first : draw('staff', `${id} second`)
    await Promise.all([
      settle(job('-a', wayAt(first), `slip ${id}`)),
      settle(job('-b', wayAt(second), isSame ? `slip ${id}` : `slip ${id} too`)),
    ])
  }

  async function look(who: string, token: string, path: string): Promise<readonly Data[]> {
    for (let tries = 0; tries < maxLooks; tries++) {
      const told = await send(who, 'GET', path, undefined, {}, token)
      if (told?.status === 200) return told.data.items
      await engine.wait(`${who}/waits`, looksAgainMs)
    }
    return []
  }

  async function settle(job: Job): Promise<void> {
    const { who, token, item, way, key, note } = job
    const orderId = way === 'assign' ? await orderFor(job) : undefined
    if (way === 'assign' && orderId === undefined) return
    const path = `/unmatched/${item.unmatchedId}/${way}`
    const headers: Record<string, string> = draw('staff', `${key} keyed`) < 0.5 ? { 'idempotency-key': key } : {}
    let last: Told | undefined
    const ask = async () => {
      last = await send(who, 'POST', path, orderId === undefined ? { note } : { orderId, note }, headers, token)
      if (last) heard(job, last)
      return last
    }
    await insist(key, ask, { isEnough })
    const isRefused = last?.status === 400 && way !== 'note'
    if (isRefused && draw('staff', `${key} notes`) < 0.7)
      await settle({ ...job, way: 'note', key: `${key}-note`, note: `${note}: refused` })
  }

  /** Money of an attempt is its order's; money of nobody's is whoever's waits for some, or waited. */
  async function orderFor({ who, token, item, key }: Job): Promise<string | undefined> {
    if (item.orderId !== null && draw('staff', `${key} own`) < 0.9) return item.orderId
    const status = draw('staff', `${key} status`) < 0.5 ? 'pending' : 'closed'
    const orders = await look(who, token, `/orders?status=${status}&limit=100`)
    return orders[Math.floor(draw('staff', `${key} order`) * orders.length)]?.orderId
  }

  /** Who is told that it is settled is told of his own doing, and it stays so (I23). */
  function heard({ who, item, way, note }: Job, { status, data }: Told): void {
    if (status === 400) met(`unmatched-${way}-refused`)
    if (status === 409) met('unmatched-contested')
    if (status !== 200) return
    met(`unmatched-${way}`)
    const before = settled.get(item.unmatchedId)
    if (data.status !== statusOfWay[way] || data.note !== note || (before && JSON.stringify(before) !== JSON.stringify(data)))
      throw new Violation('I23', `${who} settled ${item.unmatchedId} by ${way}, ${note}; was told ${data.status}, ${data.note}`)
    settled.set(item.unmatchedId, data)
  }
}

function wayAt(fraction: number): Way {
  return ways[Math.floor(fraction * ways.length)] ?? 'note'
}

/** Settled in another way, or an order that is paid: asking again changes nothing. */
function isEnough(told: Told): boolean {
  return isForGood(told) || (told.status === 409 && (told.data.code === 'ORDERPAID' || told.data.details?.unmatchedId !== undefined))
}
