import { setTimeout as pause } from 'node:timers/promises'
import type { RunningEmulator } from '../../server/emulator/listen.ts'
import { contractProblems } from './api-contract.ts'

/** What a test reads out of JSON; the API's own types are checked against the schemas elsewhere. */
// biome-ignore lint/suspicious/noExplicitAny: an answer is looked at member by member
export type Data = any
export type Answer = { readonly status: number; readonly data: Data; readonly body: Data; readonly headers: Headers; readonly text: string }

const untilMs = 15_000

/** What people and merchants' servers do to a shop, over HTTP. Every answer has to be as the OpenAPI document describes it. */
export function makeClient(
  origin: () => string,
  emulator: RunningEmulator,
  key: string,
  environment: () => Readonly<Record<string, string>> = emulator.emulator.environment,
) {
  return { request, get, post, login, order, pay, refund, payer, phone, read, until, eventually }

  async function request(
    method: string,
    path: string,
    { body, headers = {}, token = key }: { body?: unknown; headers?: Record<string, string>; token?: string | undefined } = {},
  ): Promise<Answer> {
    const answer = await fetch(`${origin()}/api/v1${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await answer.text()
    const parsed: Data = text === '' || !answer.headers.get('content-type')?.includes('json') ? undefined : JSON.parse(text)
    const problems = contractProblems({ method, path: `/api/v1${path}`, status: answer.status, headers: answer.headers, body: parsed })
    if (problems.length > 0) throw new Error(`${method} ${path} answered ${answer.status}: ${problems.join('; ')}\n${text.slice(0, 2000)}`)
    return { status: answer.status, body: parsed, data: parsed?.data, headers: answer.headers, text }
  }

  function get(path: string, token?: string): Promise<Answer> {
    return request('GET', path, { token })
  }

  function post(path: string, body?: unknown, headers?: Record<string, string>, token?: string): Promise<Answer> {
    return request('POST', path, { body, token, ...(headers === undefined ? {} : { headers }) })
  }

  /** A session for a person in the mini-program. */
  async function login(person = 'alice', app: 'miniprogram' | 'official' = 'miniprogram'): Promise<string> {
    const { WECHAT_MINIPROGRAM_APP_ID: appid } = environment()
    const code = emulator.emulator.mintCode(app === 'miniprogram' ? { person, appid } : { person, app })
    return (await post('/cashier/session', { code, app }, undefined, '')).data.token
  }

  /** An order of a merchant's server. */
  async function order(given: Record<string, unknown> = {}): Promise<Data> {
    const answer = await post('/orders', { subject: 'Tea', amount: '99.99', ...given })
    if (answer.status !== 201) throw new Error(answer.text)
    return answer.data
  }

  async function pay(orderId: string, given: Record<string, unknown> = {}): Promise<Answer> {
    return post(`/orders/${orderId}/pay`, given)
  }

  async function refund(orderId: string, given: Record<string, unknown> = {}): Promise<Answer> {
    return post(`/orders/${orderId}/refunds`, given)
  }

  async function read(orderId: string): Promise<Data> {
    return (await get(`/orders/${orderId}`)).data
  }

  /** A person with a session, who orders and pays. */
  async function payer(person = 'alice') {
    const token = await login(person)
    return {
      token,
      order: async (items: unknown = [{ productId: 'cake', quantity: 2 }]) =>
        (await post('/cashier/orders', { items }, undefined, token)).data,
      prepare: (orderId: string, payType = 'MINIPROGRAM') => post(`/cashier/orders/${orderId}/pay`, { payType }, undefined, token),
      read: async (orderId: string) => (await get(`/cashier/orders/${orderId}`, token)).data,
    }
  }

  /** What the payer's phone does with a number at WeChat. */
  async function phone(outTradeNo: string, what = 'pay', more: Record<string, unknown> = {}): Promise<unknown> {
    return emulator.emulator.act(outTradeNo, { do: what, ...more })
  }

  /** Waits until the order is as expected. */
  async function until(orderId: string, isSo: (order: Data) => boolean): Promise<Data> {
    return eventually(() => read(orderId), isSo)
  }

  async function eventually<T>(look: () => Promise<T>, isSo: (seen: T) => boolean): Promise<T> {
    for (const end = Date.now() + untilMs; ; ) {
      const seen = await look()
      if (isSo(seen)) return seen
      if (Date.now() > end) throw new Error(`did not come about: ${JSON.stringify(seen)}`)
      await pause(40)
    }
  }
}
