import { type Clock, readDuration, rfc3339 } from './clock.ts'
import { type EmulatorCredentials, environmentOf, makePlatformCertificate, openidOf, people } from './credentials.ts'
import { ControlError } from './errors.ts'
import { answer, type Exchange } from './exchange.ts'
import type { Faults } from './faults.ts'
import type { Login } from './login.ts'
import type { Notifier } from './notifier.ts'
import type { Payments } from './payments.ts'
import type { Refunds } from './refunds.ts'
import type { EmulatorRuntime } from './runtime.ts'
import type { Side } from './side.ts'
import type { Notification, Payment, Settings, State } from './state.ts'
import type { Codes } from './v2/codes.ts'

export type ControlParts = {
  readonly state: State
  readonly clock: Clock
  readonly runtime: EmulatorRuntime
  readonly credentials: () => EmulatorCredentials
  readonly origin: () => string
  readonly faults: Faults
  readonly payments: Payments
  readonly refunds: Refunds
  readonly notifier: Notifier
  readonly login: Login
  readonly codes: Codes
  readonly sides: readonly Side[]
}

export type Control = ReturnType<typeof makeControl>

/** `/_emulator/…`: what a test, a developer or the phone page tells the emulated world to do. From this machine only. */
export function makeControl(parts: ControlParts) {
  const { state, clock, runtime, credentials, origin, faults, payments, refunds, notifier, login, codes, sides } = parts
  return { handle, world, act, rotate, everything, paymentCode }

  async function handle(exchange: Exchange): Promise<void> {
    try {
      if (!isLocal(exchange.remoteAddress)) throw new ControlError(403, 'the control interface answers to this machine only')
      answer(exchange.response, 200, await dispatch(exchange))
    } catch (error) {
      if (!(error instanceof ControlError)) throw error
      answer(exchange.response, error.status, { error: error.message })
    }
  }

  async function dispatch({ method, path, query, body, headers }: Exchange): Promise<unknown> {
    const at = `${method} ${path}`
    if (at === 'GET /_emulator/state') return world()
    if (at === 'GET /_emulator/credentials') return everything()
    if (at === 'GET /_emulator/scan') return scan(query.get('code') ?? '')
    if (at === 'GET /_emulator/faults') return { faults: faults.list() }
    if (at === 'DELETE /_emulator/faults') return cleared()
    if (method !== 'POST') throw new ControlError(404, `no ${at} here`)
    // A page of another site cannot send this type without being asked about it first.
    if (!/^application\/json/i.test(headers['content-type'] ?? ''))
      throw new ControlError(415, 'send JSON with content-type: application/json')
    const ask = readJson(body)
    const [, outTradeNo] = /^\/_emulator\/payments\/([^/]+)$/.exec(path) ?? []
    if (outTradeNo !== undefined) return act(decodeURIComponent(outTradeNo), ask)
    if (path === '/_emulator/codes')
      return {
        code:
          loginCode(text(ask.app), text(ask.payer) ?? people[0]) ??
          login.mint({ person: text(ask.payer) ?? people[0], appid: text(ask.appid), app: text(ask.app) }),
      }
    if (path === '/_emulator/payment-codes') return { code: paymentCode(text(ask.wallet) ?? 'wechat', text(ask.payer) ?? people[0]) }
    if (path === '/_emulator/faults') return armed(ask)
    if (path === '/_emulator/clock') return moved(ask)
    if (path === '/_emulator/rotate') return rotate(text(ask.to) ?? '', typeof ask.share === 'number' ? ask.share : undefined)
    if (path === '/_emulator/probe') return { status: await notifier.probe(text(ask.url) ?? '') }
    throw new ControlError(404, `no ${at} here`)
  }

  /** What a payer, or the merchant's staff in WeChat's own console, does with a payment. */
  async function act(outTradeNo: string, ask: Readonly<Record<string, unknown>>): Promise<unknown> {
    const side = sideOf(outTradeNo, text(ask.channel))
    if (side) return side.act(outTradeNo, ask)
    const payer = text(ask.payer)
    const openid = payer === undefined ? undefined : openidIn(payments.find(outTradeNo), payer)
    const force = ask.force === true
    switch (ask.do) {
      case 'pay':
        return shown(await payments.pay(outTradeNo, { openid, force }))
      case 'pay_twice':
        return paidTwice(outTradeNo, openid, force)
      case 'fail':
        return shown(payments.fail(outTradeNo))
      case 'user_paying':
        return shown(payments.typing(outTradeNo))
      case 'refund_externally':
        return {
          outRefundNo: refunds.outside(payments.find(outTradeNo), typeof ask.amount === 'number' ? ask.amount : undefined).outRefundNo,
        }
      default:
        throw new ControlError(400, 'do is one of pay, fail, pay_twice, user_paying, refund_externally')
    }
  }

  function openidIn({ appid, subAppid, isSubOpenid }: Payment, payer: string): string {
    return openidOf(credentials(), (isSubOpenid ? subAppid : undefined) ?? appid, payer)
  }

  /** The channel that knows a number, where it is not WeChat Pay itself. */
  function sideOf(outTradeNo: string, channel: string | undefined): Side | undefined {
    if (channel === 'wechat' || (channel === undefined && state.tables.payment.has(outTradeNo))) return undefined
    return sides.find((one) => (channel === undefined || one.channel === channel) && one.find(outTradeNo) !== undefined)
  }

  function scan(code: string): Record<string, unknown> {
    for (const side of sides) {
      const shownThere = side.find(code)
      if (shownThere) return shownThere
    }
    return scanned(payments.findByCode(code))
  }

  /** One number is paid once by nature; twice is its event told under two ids. */
  async function paidTwice(outTradeNo: string, openid: string | undefined, force: boolean): Promise<unknown> {
    const paid = await payments.pay(outTradeNo, { openid, force })
    const [first] = [...state.tables.notification.values()].filter((one) => one.outTradeNo === outTradeNo)
    if (first) await notifier.resend(first.id)
    return shown(paid)
  }

  /** A wallet other than WeChat has a login of its own. */
  function loginCode(app: string | undefined, person: string): string | undefined {
    return sides.find((one) => one.channel === app)?.loginCode?.(person)
  }

  /** What the payer's phone shows at a counter. */
  function paymentCode(wallet: string, person: string): string {
    if (wallet === 'wechat') return codes.show(person)
    const side = sides.find((one) => one.channel === wallet)
    if (!side) throw new ControlError(400, `wallet is ${wallet}; one of ${['wechat', ...sides.map((one) => one.channel)].join(', ')}`)
    return side.showCode(person)
  }

  function cleared(): { faults: [] } {
    faults.clear()
    return { faults: [] }
  }

  function armed(ask: unknown): unknown {
    faults.arm(ask)
    return { faults: faults.list() }
  }

  async function moved(ask: Readonly<Record<string, unknown>>): Promise<unknown> {
    const ms = readDuration(ask.advance)
    if (ms === undefined) throw new ControlError(400, 'advance is not a duration such as PT2H')
    await clock.advance(ms)
    keep({ clockOffset: clock.offset() })
    return { now: rfc3339(clock.now()) }
  }

  /** A new platform certificate beside the old one, or the switch of notifications to the public key, whole or in part. */
  async function rotate(to: string, share = 1): Promise<unknown> {
    if (to !== 'certificate' && to !== 'public_key') throw new ControlError(400, 'to is certificate or public_key')
    if (to === 'certificate') {
      const fresh = await makePlatformCertificate(runtime, clock.now())
      state.put('credentials', 'only', { ...credentials(), certificates: [...credentials().certificates, fresh].slice(-3) })
    }
    keep({ notificationsBy: to, publicKeyShare: Math.min(1, Math.max(0, share)) })
    return { notificationsBy: to, serial: to === 'certificate' ? credentials().certificates.at(-1)?.serial : credentials().publicKey.id }
  }

  function keep(change: Partial<Settings>): void {
    state.put('settings', 'only', { ...state.settings(), ...change })
  }

  function everything(): Record<string, unknown> {
    const { mchid, apps, apiV3Key, apiKey, sub, merchant, publicKey, certificates } = credentials()
    const openids = Object.fromEntries(
      apps.map((app) => [app.kind, Object.fromEntries(people.map((person) => [person, openidOf(credentials(), app.appid, person)]))]),
    )
    return {
      origin: origin(),
      mchid,
      apps,
      openids,
      merchantPrivateKey: merchant.privateKey,
      merchantCertificate: merchant.certificate,
      merchantSerial: merchant.serial,
      apiV3Key,
      apiKey,
      sub,
      publicKeyId: publicKey.id,
      publicKey: publicKey.publicKey,
      platformCertificates: certificates.map(({ serial, pem }) => ({ serial, pem })),
      ...Object.fromEntries(sides.map((side) => [side.channel, side.credentials()])),
      env: Object.assign(environmentOf(credentials(), origin()), ...sides.map((side) => side.environment())),
    }
  }

  function world(): Record<string, unknown> {
    const { payment, refund, notification } = state.tables
    return {
      now: rfc3339(clock.now()),
      payments: [...[...payment.values()].map(shown), ...sides.flatMap((side) => side.payments())],
      refunds: [...[...refund.values()].map(({ parameters: _parameters, ...rest }) => rest), ...sides.flatMap((side) => side.refunds())],
      notifications: [...notification.values()].map(shownNotification),
      faults: faults.list(),
      notificationsBy: state.settings().notificationsBy,
    }
  }

  function shown({ parameters: _parameters, ...payment }: Payment): Record<string, unknown> {
    return { ...payment, tradeState: payment.state, expiresAt: rfc3339(payment.expiresAt) }
  }

  function scanned(payment: Payment): Record<string, unknown> {
    const { outTradeNo, description, total, currency, tradeType, state: tradeState } = payment
    return { outTradeNo, description, total, currency, tradeType, tradeState, merchant: credentials().mchid }
  }
}

function shownNotification({ resource: _resource, ...rest }: Notification): Record<string, unknown> {
  return rest
}

function isLocal(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.')
}

function readJson(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8') || '{}')
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    throw new ControlError(400, 'the body is not JSON')
  }
  throw new ControlError(400, 'the body is not a JSON object')
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
