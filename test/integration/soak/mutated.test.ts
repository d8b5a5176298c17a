import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { RawNotice } from '../../../server/channels/channel.ts'
import { NoticeError } from '../../../server/channels/failure.ts'
import { channelRegistry } from '../../../server/channels/registry.ts'
import { makeSettings } from '../../../server/config/environment.ts'
import { makeNodeRuntime } from '../../../server/lib/node-runtime.ts'
import { defaultAccount } from '../../../shared/kernel/ids.ts'
import { storeKind } from '../../support/databases.ts'
import { deliver, inParallel } from '../../support/deliver.ts'
import { type Shop, startShop } from '../../support/shop.ts'
import { silentLog } from '../../support/silent-log.ts'

type Letter = Shop['mail']['letters'][number]

const overHttp = storeKind === 'sqlite' ? 3000 : 500
const inAll = storeKind === 'sqlite' ? 100_000 : 5000
const seed = 20_260_102

let shop: Shop
let letters: Letter[]
beforeAll(async () => {
  shop = await startShop()
  letters = await unheard()
}, 30_000)
afterAll(() => shop.close())

/** Payments and a refund that happened and that nobody has told us of: each message would change something if it were believed. */
async function unheard(): Promise<Letter[]> {
  shop.mail.letters = []
  for (let n = 0; n < 5; n++) {
    const order = await shop.order({ orderId: `MUTATED${n}`, expiresIn: 86_400 })
    await shop.pay(order.orderId)
    shop.mail.isHeld = true
    await shop.phone(order.orderId)
    shop.mail.isHeld = false
  }
  shop.emulator.faults.arm({ fault: 'order_not_exist', times: 1_000_000, match: { path: '/v3/pay/transactions/out-trade-no' } })
  return shop.mail.letters
}

/** Numbers that follow from the seed alone. */
function makeChance(from: number) {
  let state = from
  return (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

type Chance = ReturnType<typeof makeChance>
type Changed = { headers: Record<string, string>; body: Buffer }

/** One of the ways in which a message can be other than it was sent. */
function mutated(letter: Letter, other: Letter, chance: Chance): Changed {
  const headers = { ...letter.headers }
  const body = Buffer.from(letter.body)
  const names = ['Wechatpay-Timestamp', 'Wechatpay-Nonce', 'Wechatpay-Signature', 'Wechatpay-Serial']
  const name = names[chance(names.length)] ?? ''
  switch (chance(10)) {
    case 0:
      return { headers, body: flipped(body, chance) }
    case 1:
      return { headers, body: body.subarray(0, chance(body.length)) }
    case 2:
      return { headers, body: Buffer.from(JSON.stringify(JSON.parse(body.toString()), undefined, 1)) }
    case 3:
      return {
        headers: {
          ...headers,
          [name]: flipped(Buffer.from(headers[name] ?? ''), chance)
            .toString('latin1')
            .replace(/[^\x21-\x7e]/g, '!'),
        },
        body,
      }
    case 4:
      return { headers: Object.fromEntries(Object.entries(headers).filter(([one]) => one !== name)), body }
    case 5:
      return {
        headers: { ...headers, [name]: other.headers[name] ?? '' },
        body: name === 'Wechatpay-Serial' ? flipped(body, chance) : body,
      }
    case 6:
      return { headers, body: Buffer.from(other.body) }
    case 7:
      return { headers, body: spliced(letter, other, chance) }
    case 8:
      return { headers: { ...headers, 'Wechatpay-Timestamp': String(Number(headers['Wechatpay-Timestamp']) + 1 + chance(900)) }, body }
    default:
      return { headers, body: Buffer.concat([body, Buffer.from([32 + chance(90)])]) }
  }
}

function flipped(bytes: Buffer, chance: Chance): Buffer {
  const copy = Buffer.from(bytes)
  const at = chance(copy.length)
  copy[at] = (copy[at] ?? 0) ^ (1 << chance(8))
  return copy
}

/** The ciphertext, nonce or id of another message in this one. */
function spliced(letter: Letter, other: Letter, chance: Chance): Buffer {
  const [one, two] = [JSON.parse(Buffer.from(letter.body).toString()), JSON.parse(Buffer.from(other.body).toString())]
  const member = ['ciphertext', 'nonce', 'associated_data'][chance(3)] ?? ''
  const resource = { ...one.resource, [member]: member === 'associated_data' ? 'other' : two.resource[member] }
  return Buffer.from(JSON.stringify({ ...one, id: two.id, resource }))
}

function pick(chance: Chance): Changed {
  const from = chance(letters.length)
  const [letter, other] = [letters[from], letters[(from + 1) % letters.length]]
  if (!letter || !other) throw new Error('nothing was sent')
  for (;;) {
    const changed = mutated(letter, other, chance)
    const isSame = [letter, other].some(
      (one) => changed.body.equals(Buffer.from(one.body)) && JSON.stringify(changed.headers) === JSON.stringify(one.headers),
    )
    if (!isSame) return changed
  }
}

function books() {
  return shop.query(async ({ query }) => ({
    orders: await query.selectFrom('orders').select(['order_id', 'status', 'paid_minor']).orderBy('order_id').execute(),
    attempts: await query.selectFrom('attempts').select(['payment_id', 'status']).orderBy('payment_id').execute(),
    refunds: await query.selectFrom('refunds').selectAll().execute(),
    events: await query.selectFrom('events').select('event_id').orderBy('event_id').execute(),
    inbox: await query.selectFrom('inbox').select('notify_id').execute(),
    unmatched: await query.selectFrom('unmatched').selectAll().execute(),
  }))
}

describe(`mutated notifications (seed ${seed})`, () => {
  it('are refused over HTTP, change nothing, and never end in an error of ours', async () => {
    const chance = makeChance(seed)
    const before = await books()
    const statuses = new Map<number, number>()
    const changed = Array.from({ length: overHttp }, () => pick(chance))

    await inParallel(changed, 16, async ({ headers, body }) => {
      const { status } = await deliver(letters[0] ?? fail(), { headers: withoutOthers(headers), body })
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    })

    expect([...statuses.keys()]).toEqual([401])
    expect(await books()).toEqual(before)
    expect(await shop.metrics()).toMatch(/shouyin_notifications_total\{channel="wechat",kind="unknown",outcome="error"\} 0/)
  }, 120_000)

  it(`${inAll.toLocaleString('en')} of them are not believed by the reader itself`, async () => {
    const chance = makeChance(seed + 1)
    const runtime = makeNodeRuntime()
    const settings = makeSettings(shop.emulator.environment())
    const source = channelRegistry[0]?.fromEnvironment(settings)
    const account = source?.open({
      account: defaultAccount,
      runtime,
      log: silentLog,
      clockSeen: () => {},
      keepsake: { load: async () => undefined, save: async () => {} },
    })
    let believed = 0
    const refusals = new Map<string, number>()
    for (let n = 0; n < inAll; n++) {
      const { headers, body } = pick(chance)
      const refusal = await refusalOf(account, { headers: lower(headers), body })
      if (refusal === undefined) believed++
      else refusals.set(refusal, (refusals.get(refusal) ?? 0) + 1)
    }

    expect(believed).toBe(0)
    expect([...refusals.keys()].filter((one) => !['bad_signature', 'malformed', 'unknown_key', 'stale'].includes(one))).toEqual([])
    await runtime.end()
  }, 300_000)

  it('kept nobody from being believed who tells the truth', async () => {
    shop.emulator.faults.clear()
    for (const letter of letters) expect((await deliver(letter)).status).toBe(204)

    expect((await shop.read('MUTATED0')).status).toBe('succeeded')
  })
})

type Account = ReturnType<NonNullable<ReturnType<(typeof channelRegistry)[0]['fromEnvironment']>>['open']>

async function refusalOf(account: Account | undefined, notice: RawNotice): Promise<string | undefined> {
  try {
    await account?.readNotification(notice)
    return undefined
  } catch (error) {
    if (error instanceof NoticeError) return error.refusal
    throw error
  }
}

function lower(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

/** `deliver` adds to the letter's own headers: what is missing here has to be missing there. */
function withoutOthers(headers: Record<string, string>): Record<string, string | undefined> {
  const own = letters[0]?.headers ?? {}
  return { ...Object.fromEntries(Object.keys(own).map((name) => [name, undefined])), ...headers }
}

function fail(): never {
  throw new Error('nothing was sent')
}
