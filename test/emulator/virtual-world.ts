import { createDecipheriv, createVerify, X509Certificate } from 'node:crypto'
import { type RunningEmulator, startEmulator } from '../../server/emulator/listen.ts'
import { type EmulatorRuntime, makeEmulatorRuntime, type OutgoingPost } from '../../server/emulator/runtime.ts'
import type { Data } from '../support/client.ts'
import { makeCaller } from '../support/v3-caller.ts'

/** Noon of a Friday in China. */
export const start = Date.UTC(2026, 0, 2, 4)
export const native = '/v3/pay/transactions/native'

type Timer = { readonly at: number; readonly run: () => void }
export type Letter = OutgoingPost & { readonly at: number }

export type World = Awaited<ReturnType<typeof startWorld>>

/** An emulator whose time stands still until `pass`, and whose notifications are kept instead of sent. */
export async function startWorld({ stateFile, at = start }: { stateFile?: string; at?: number } = {}) {
  let now = at
  let timers: Timer[] = []
  let status = 204
  const letters: Letter[] = []
  const runtime: EmulatorRuntime = {
    ...makeEmulatorRuntime(),
    now: () => now,
    setTimer: (ms, run) => {
      const timer = { at: now + ms, run }
      timers.push(timer)
      return () => {
        timers = timers.filter((one) => one !== timer)
      }
    },
    post: async (message) => {
      letters.push({ ...message, at: now })
      if (status === 0) throw new Error('nobody answers')
      return { status }
    },
  }
  const running = await startEmulator({ port: 0, runtime, stateFile })
  const { call, order } = makeCaller(running)
  return { ...running, call, order, letters, pass, merchantAnswers, letterOf, paid, query, refund, control }

  /** So much time passes by itself, timer after timer. */
  async function pass(ms: number): Promise<void> {
    const end = now + ms
    for (let next = nextUntil(end); next; next = nextUntil(end)) {
      const due = next
      timers = timers.filter((one) => one !== due)
      now = due.at
      due.run()
      // Comes back when what was set off is over.
      await running.emulator.advance(0)
    }
    now = end
  }

  function nextUntil(end: number): Timer | undefined {
    return timers.filter((one) => one.at <= end).sort((one, other) => one.at - other.at)[0]
  }

  /** What the merchant's server says to notifications from now on; 0 when it says nothing. */
  function merchantAnswers(next: number): void {
    status = next
  }

  /** The notifications about one order, oldest first. */
  function letterOf(outTradeNo: string): Letter[] {
    return letters.filter((letter) => opened(running, letter)?.out_trade_no === outTradeNo)
  }

  /** An order that is paid. */
  async function paid(outTradeNo: string, given: Record<string, unknown> = {}): Promise<void> {
    await call('POST', native, order(outTradeNo, given))
    await running.emulator.act(outTradeNo, { do: 'pay' })
  }

  function query(outTradeNo: string, change?: Parameters<typeof call>[3]) {
    return call('GET', `/v3/pay/transactions/out-trade-no/${outTradeNo}?mchid=${running.emulator.credentials().mchid}`, undefined, change)
  }

  function refund(outTradeNo: string, outRefundNo: string, given: Record<string, unknown> = {}) {
    return call('POST', '/v3/refund/domestic/refunds', {
      out_trade_no: outTradeNo,
      out_refund_no: outRefundNo,
      amount: { refund: 100, total: 100, currency: 'CNY' },
      ...given,
    })
  }

  async function control(method: string, path: string, body?: unknown): Promise<{ status: number; data: Data }> {
    const answer = await fetch(`${running.origin}/_emulator/${path}`, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    return { status: answer.status, data: await answer.json() }
  }
}

/** What a notification says; undefined when it cannot be read with the merchant's APIv3 key. */
export function opened({ emulator }: Pick<RunningEmulator, 'emulator'>, { body }: Pick<Letter, 'body'>): Data {
  try {
    const { ciphertext, nonce, associated_data: aad } = JSON.parse(Buffer.from(body).toString()).resource
    const sealed = Buffer.from(ciphertext, 'base64')
    const cipher = createDecipheriv('aes-256-gcm', Buffer.from(emulator.credentials().apiV3Key), nonce)
    cipher.setAAD(Buffer.from(aad)).setAuthTag(sealed.subarray(-16))
    return JSON.parse(Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()]).toString())
  } catch {
    return undefined
  }
}

/** Whether the key that a notification names signed it. */
export function isGenuine({ emulator }: Pick<RunningEmulator, 'emulator'>, { headers, body }: Pick<Letter, 'headers' | 'body'>): boolean {
  const { publicKey, certificates } = emulator.credentials()
  const serial = headers['Wechatpay-Serial']
  const pem = certificates.find((one) => one.serial === serial)?.pem
  const key = serial === publicKey.id ? publicKey.publicKey : pem && new X509Certificate(pem).publicKey
  if (!key) return false
  return createVerify('RSA-SHA256')
    .update(`${headers['Wechatpay-Timestamp']}\n${headers['Wechatpay-Nonce']}\n`)
    .update(body)
    .update('\n')
    .verify(key, headers['Wechatpay-Signature'] ?? '', 'base64')
}
