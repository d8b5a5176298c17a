import type { IncomingMessage, ServerResponse } from 'node:http'
import { makeAlipaySide } from './alipay/side.ts'
import { makeBills } from './bills.ts'
import { makeClock } from './clock.ts'
import { makeControl } from './control.ts'
import { allApps, type EmulatorCredentials, environmentFor, environmentOf, makeCredentials, makeLaterCredentials } from './credentials.ts'
import { answer, type Exchange, readExchange } from './exchange.ts'
import { makeFaults } from './faults.ts'
import { makeGateway } from './gateway.ts'
import { makeLogin } from './login.ts'
import { makeNotifier } from './notifier.ts'
import { makePayments } from './payments.ts'
import { servePhone } from './phone/phone.ts'
import { makeQfpaySide } from './qfpay/side.ts'
import { makeRefunds } from './refunds.ts'
import type { EmulatorRuntime } from './runtime.ts'
import type { Side } from './side.ts'
import { makeState } from './state.ts'
import { makeCodes } from './v2/codes.ts'
import { makeV2Gateway } from './v2/gateway.ts'
import { makeV2Notifier } from './v2/notifier.ts'

export type Emulator = Awaited<ReturnType<typeof makeEmulator>>

export type EmulatorOptions = {
  readonly runtime: EmulatorRuntime
  /** Where it can be reached; stands in the addresses it gives out. */
  readonly origin: string
  /** Keys of one's own; without them they are made, or taken from the file. */
  readonly credentials?: EmulatorCredentials | undefined
  /** What it knows is kept here, so that it goes on where it was killed. */
  readonly stateFile?: string | undefined
}

/** The other side of every wire: WeChat Pay, its login, and the payer's phone. */
export async function makeEmulator({ runtime, origin: where, credentials: given, stateFile }: EmulatorOptions) {
  const state = makeState(stateFile)
  const kept = given ?? state.tables.credentials.get('only')
  // A file of an older version knows nothing of v2 and of providers.
  const known = kept ? { ...makeLaterCredentials(runtime), ...kept } : await makeCredentials(runtime)
  state.put('credentials', 'only', known)
  const credentials = () => state.tables.credentials.get('only') ?? known
  const origin = () => where
  const clock = makeClock(runtime, state.settings().clockOffset)
  const faults = makeFaults(runtime)
  const base = { state, clock, runtime, credentials, origin, faults }
  const notifier = makeNotifier(base)
  const v2Notifier = makeV2Notifier(base)
  const payments = makePayments({ ...base, notifier, v2Notifier })
  const refunds = makeRefunds({ ...base, notifier, v2Notifier })
  const codes = makeCodes({ ...base, payments, refunds })
  const login = makeLogin(base)
  const sides: readonly Side[] = [makeQfpaySide(base), await makeAlipaySide(base, given?.alipayKeys)]
  const control = makeControl({ ...base, payments, refunds, notifier, login, codes, sides })
  const orders = { ...base, payments, refunds, codes, bills: makeBills(base) }
  const gateway = makeGateway(orders)
  const v2 = makeV2Gateway(orders)
  const apis: Readonly<Record<string, (query: URLSearchParams, body: Buffer) => unknown>> = {
    '/sns/jscode2session': login.jscode2session,
    '/sns/oauth2/access_token': login.oauthToken,
    '/cgi-bin/stable_token': (_query, body) => login.stableToken(body),
  }
  for (const one of [refunds, notifier, v2Notifier, ...sides]) one.resume()
  return {
    callback,
    state: () => state.tables,
    environment,
    /** The same merchant by API v2, or as a service provider. */
    environmentFor: (mode: Parameters<typeof environmentFor>[0]) => environmentFor(mode, credentials(), origin()),
    credentials,
    sides,
    payments,
    mintCode: login.mint,
    act: control.act,
    /** A code that a payer shows at a counter. */
    showCode: control.paymentCode,
    rotate: control.rotate,
    arm: faults.arm,
    faults,
    advance: clock.advance,
    clockOffset: clock.offset,
    now: clock.now,
    announce: notifier.send,
    /** Once more what was told, in its own form. */
    announceAgain,
    probe: notifier.probe,
    close: clock.stop,
  }

  function announceAgain(id: string): Promise<void> {
    const channel = state.tables.notification.get(id)?.channel
    const side = sides.find((one) => one.channel === channel)
    return (side ?? (channel === 'wechat-v2' ? v2Notifier : notifier)).resend(id)
  }

  /** What a server sets that is pointed here, with an account on every channel. */
  function environment(): Record<string, string> {
    return Object.assign(environmentOf(credentials(), origin()), ...sides.map((side) => side.environment()))
  }

  /** For node:http, or for a request and response that a test puts together. */
  function callback(request: IncomingMessage, response: ServerResponse): void {
    void serve(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy()
      else answer(response, 500, { code: 'SYSTEM_ERROR', message: error instanceof Error ? error.message : String(error) })
    })
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const exchange = await readExchange(request, response)
    if (!exchange) return
    if (exchange.path.startsWith('/v3/')) return gateway.handle(exchange)
    if (exchange.path.startsWith('/_emulator/')) return control.handle(exchange)
    if (await v2.handle(exchange)) return
    if (servePhone(exchange)) return
    for (const side of sides) if (await side.handle(exchange)) return
    apiHost(exchange)
  }

  /** api.weixin.qq.com and open.weixin.qq.com. */
  function apiHost({ path, query, body, response }: Exchange): void {
    if (path === '/connect/oauth2/authorize') authorize(query, response)
    else answer(response, path in apis ? 200 : 404, apis[path]?.(query, body) ?? { errcode: 404, errmsg: 'not found' })
  }

  /** snsapi_base asks nobody: back with a code at once. */
  function authorize(query: URLSearchParams, response: ServerResponse): void {
    const target = query.get('redirect_uri') ?? ''
    const app = allApps(credentials()).find((one) => one.appid === query.get('appid'))
    if (URL.canParse(target) && app && query.get('response_type') === 'code') {
      const back = new URL(target)
      back.searchParams.set('code', login.mint({ person: query.get('payer') ?? 'alice', appid: app.appid }))
      back.searchParams.set('state', query.get('state') ?? '')
      answer(response, 302, '', { Location: back.href })
    } else answer(response, 400, '<p>redirect_uri or appid is wrong</p>')
  }
}
