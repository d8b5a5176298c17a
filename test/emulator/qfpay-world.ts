import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { makeClock } from '../../server/emulator/clock.ts'
import { readExchange } from '../../server/emulator/exchange.ts'
import { makeFaults } from '../../server/emulator/faults.ts'
import { startEmulator } from '../../server/emulator/listen.ts'
import type { QfpayCredentials } from '../../server/emulator/qfpay/credentials.ts'
import { makeQfpaySide } from '../../server/emulator/qfpay/side.ts'
import { makeEmulatorRuntime, type OutgoingPost } from '../../server/emulator/runtime.ts'
import { makeState } from '../../server/emulator/state.ts'
import type { Data } from '../support/client.ts'

/** Noon of a Friday in China. */
export const start = Date.UTC(2026, 0, 2, 4)
const minute = 60_000

export type Letter = OutgoingPost & { readonly at: number; readonly text: string }
export type QfpayWorld = Awaited<ReturnType<typeof startQfpay>>
type Merchant = { readonly status: number; readonly body?: string }

/** An emulator whose time stands still until `pass`, and whose notifications are kept instead of sent. */
export async function startQfpay({ stateFile, at = start }: { stateFile?: string; at?: number } = {}) {
  let merchant: Merchant = { status: 200, body: 'SUCCESS' }
  const letters: Letter[] = []
  const post = async (message: OutgoingPost) => {
    letters.push({ ...message, at: running.emulator.now(), text: Buffer.from(message.body).toString() })
    return merchant
  }
  const runtime = { ...makeEmulatorRuntime(), now: () => at, setTimer: () => () => {}, post }
  const running = await startEmulator({ port: 0, runtime, stateFile })
  const { emulator, origin, close } = running
  const credentials: Data = emulator.sides.find((one) => one.channel === 'qfpay')?.credentials()
  const caller = makeQfpayCaller(`${origin}/qfpay`, credentials)
  return { ...caller, emulator, origin, close, credentials, letters, pass, letterOf, merchantSays, act }

  /** Minute by minute, so that what falls due does so at its own time. */
  async function pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= minute) await emulator.advance(Math.min(minute, left))
  }

  /** What the merchant's server answers to notifications from now on. */
  function merchantSays(next: Merchant): void {
    merchant = next
  }

  function letterOf(number: string): Letter[] {
    return letters.filter(({ text }) => text.includes(`"out_trade_no": "${number}"`))
  }

  /** What a person does with a payment, over the control interface. */
  async function act(outTradeNo: string, ask: Record<string, unknown>): Promise<{ status: number; data: Data }> {
    const answer = await fetch(`${origin}/_emulator/payments/${outTradeNo}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(ask),
    })
    return { status: answer.status, data: await answer.json() }
  }
}

/** QFPay's side alone, with credentials of one's own. */
export async function startSideAlone(given: Partial<QfpayCredentials>) {
  const runtime = { ...makeEmulatorRuntime(), now: () => start, setTimer: () => () => {} }
  let origin = ''
  const parts = { state: makeState(), clock: makeClock(runtime), runtime, faults: makeFaults(runtime), origin: () => origin }
  const side = makeQfpaySide(parts, given)
  const server = createServer(async (request, response) => {
    const exchange = await readExchange(request, response)
    if (exchange) await side.handle(exchange)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  return { ...makeQfpayCaller(`${origin}/qfpay`, side.credentials()), side, origin, close: () => server.close() }
}

export type Called = {
  readonly status: number
  readonly data: Data
  readonly text: string
  readonly headers: Headers
  readonly isVerified: boolean
}
type Members = Readonly<Record<string, string>>
type Change = {
  readonly signType?: string
  readonly headers?: Record<string, string>
  readonly key?: string
  readonly method?: 'GET' | 'POST'
  /** What is signed, where it differs from what is sent. */
  readonly signed?: Members
  readonly isMchidLeftOut?: boolean
  readonly signal?: AbortSignal
}

/** A plain client that shares nothing with the product: signs as the documents say, and checks the digest of the raw answer. */
export function makeQfpayCaller(base: string, { appCode, clientKey, mchid }: Data) {
  return { call, order, trade, query }

  async function call(path: string, members: Members, change: Change = {}): Promise<Called> {
    const all: Members = change.isMchidLeftOut ? members : { ...members, mchid }
    const { signType = 'MD5', key = clientKey, method = 'POST', signal = null } = change
    const headers: Record<string, string> = {
      'X-QF-APPCODE': appCode,
      'X-QF-SIGN': digest(signType, joined(change.signed ?? all) + key),
      'X-QF-SIGNTYPE': signType,
      ...change.headers,
    }
    const form = new URLSearchParams(all)
    const answer = await (method === 'GET'
      ? fetch(`${base}${path}?${form.toString()}`, { headers, signal })
      : fetch(base + path, { method, headers, body: form, signal }))
    const text = await answer.text()
    const isVerified = answer.headers.get('x-qf-sign') === digest('MD5', text + clientKey)
    const data: Data = text.startsWith('{') ? JSON.parse(text) : undefined
    return { status: answer.status, data, text, headers: answer.headers, isVerified }
  }

  /** A WeChat picture for 10 HKD; a test spells out what matters to it. */
  function order(outTradeNo: string, given: Members = {}): Members {
    return {
      txamt: '1000',
      txcurrcd: 'HKD',
      pay_type: '800201',
      out_trade_no: outTradeNo,
      txdtm: '2026-01-02 12:00:00',
      goods_name: 'Tea',
      notify_url: 'http://127.0.0.1:9/notify',
      ...given,
    }
  }

  /** @returns what QFPay answers to an order that it takes. */
  async function trade(outTradeNo: string, given: Members = {}): Promise<Data> {
    const { data } = await call('/trade/v1/payment', order(outTradeNo, given))
    return data
  }

  /** What a query lists. */
  async function query(members: Members): Promise<Data[]> {
    return (await call('/trade/v1/query', members)).data.data
  }
}

/** `a=1&b=2`, by name in ASCII order, values as they are. */
export function joined(members: Members): string {
  return Object.keys(members)
    .sort()
    .map((name) => `${name}=${members[name]}`)
    .join('&')
}

export function digest(signType: string, text: string): string {
  return createHash(signType === 'SHA256' ? 'sha256' : 'md5')
    .update(text)
    .digest('hex')
    .toUpperCase()
}
