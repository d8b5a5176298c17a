import { type AccountId, asOwnId, type MerchantId, type OrderId } from '../../shared/kernel/ids.ts'
import type { ChannelName, PayAction } from '../../shared/kernel/pay.ts'
import type { Device } from '../../shared/kernel/pay-page.ts'
import type { Instant } from '../../shared/kernel/time.ts'
import type { ChannelAccount } from '../channels/channel.ts'
import type { OAuthFlow, OAuthFlows } from '../identity/oauth-flows.ts'
import type { OrderLink, OrderLinks } from '../identity/order-links.ts'
import type { Sessions } from '../identity/sessions.ts'
import { newId } from '../lib/ids.ts'
import { savePayer } from '../store/payers.ts'
import { markStateUsed } from '../store/used-states.ts'
import type { Checks } from './check.ts'
import { AppError, channelRefusal } from './error.ts'
import { loadView, type OrderView } from './load.ts'
import type { Payer } from './orders.ts'
import type { Parts } from './parts.ts'
import { type Attempt, hasUsableAction } from './rules/attempt.ts'
import type { Order } from './rules/order.ts'
import { type Offer, type Way, waysOn } from './rules/ways.ts'
import type { Payments } from './start-payment.ts'

export type { OAuthFlow } from '../identity/oauth-flows.ts'
export type { OrderLink } from '../identity/order-links.ts'
export type { Way } from './rules/ways.ts'

/** Whoever holds the link to an order: the browser he holds it in, and who he is when that is known. */
export type LinkHolder = OrderLink & { readonly device: Device; readonly payer: Payer | undefined }

/** What the page does next: it lets the payer pay, or sends him to say who he is. */
export type LinkPayment =
  | { readonly is: 'login'; readonly way: Way }
  | { readonly is: 'action'; readonly action: PayAction; readonly endsAt: Instant }

/** Where a login that came back leads: the channel's page, or ours with a session. */
export type LoggedIn =
  | { readonly is: 'session'; readonly token: string; readonly expiresInSeconds: number }
  | { readonly is: 'leave'; readonly url: string }

/** How long a page waits for the channel's word on an order before it shows what is known. */
const glanceMs = 1500

export type PayPage = ReturnType<typeof makePayPage>

/** One link to an order for any device: what its holder may see and do. */
export function makePayPage({
  db,
  runtime,
  log,
  accounts,
  askChannel,
  checks,
  payments,
  sessions,
  links,
  flows,
}: Pick<Parts, 'db' | 'runtime' | 'log' | 'accounts' | 'askChannel'> & {
  readonly checks: Pick<Checks, 'glance'>
  readonly payments: Payments
  readonly sessions: Sessions
  readonly links: OrderLinks
  readonly flows: OAuthFlows
}) {
  return { look, ways, hasSession, pay, shownCode, beginLogin, finishLogin, linkInstead }

  /** The order; when the payer may have paid, the channel is asked first, but not waited for longer than a page may take. */
  async function look({ merchantId, orderId }: OrderLink, { asks }: { asks: boolean }): Promise<OrderView> {
    if (!asks) return loadView(db, merchantId, orderId)
    const glanced = checks.glance(merchantId, orderId).catch((error: unknown) => {
      if (error instanceof AppError) throw error
      log.warn({ event: 'page.glance', orderId, error })
      return undefined
    })
    const seen = await Promise.race([glanced, runtime.sleep(glanceMs).then(() => undefined)])
    return seen ?? loadView(db, merchantId, orderId)
  }

  /** How the order can be paid in the holder's browser, one way a channel. */
  function ways(holder: LinkHolder, { amount }: Pick<Order, 'amount'>): Way[] {
    const fitting = accounts.all().filter((one) => one.currencies.includes(amount.currency) && mayBeUsed(one, holder))
    const [usual, others] = [fitting.filter((one) => one.account === 'default'), fitting.filter((one) => one.account !== 'default')]
    const offers = [...usual, ...others].map(offerOf)
    // Whoever logs payers in need not be the one who takes their money.
    const logins = accounts.all().map(offerOf)
    return waysOn(holder.device, offers, logins)
  }

  /** Whether the way can be gone at once: nobody has to say first who he is. */
  function hasSession({ payer }: LinkHolder, { login }: Way): boolean {
    return login === undefined || (login.for === 'session' && payer !== undefined && payer.appId === login.appId)
  }

  /**
   * Starts or repeats the payment by the holder's way on a channel.
   *
   * @throws AppError PARAM_ERROR when the device has no such way, and whatever paying throws.
   */
  async function pay(
    holder: LinkHolder,
    { channel, clientIp }: { channel?: ChannelName | undefined; clientIp: string },
  ): Promise<LinkPayment> {
    const { order } = await loadView(db, holder.merchantId, holder.orderId)
    const found = ways(holder, order).filter((one) => channel === undefined || one.channel === channel)
    const [way, ...others] = found
    if (!way || others.length > 0)
      throw new AppError('PARAM_ERROR', way ? 'channel is required: there are several' : 'channel cannot be used in this browser', {
        details: {
          fields: [
            {
              path: 'channel',
              problem: way ? `is required: one of ${found.map((one) => one.channel).join(', ')}` : 'cannot be used in this browser',
            },
          ],
        },
      })
    if (!hasSession(holder, way)) return { is: 'login', way }
    try {
      return await started(holder, way, clientIp)
    } catch (error) {
      // The session is genuine, but nobody knows the person any more, as after a restored backup.
      if (way.login && error instanceof AppError && error.code === 'UNAUTHORIZED') return { is: 'login', way }
      throw error
    }
  }

  async function started(holder: LinkHolder, way: Way, clientIp: string): Promise<LinkPayment> {
    const { attempt, action, actionExpiresAt } = await payments.pay(holder.merchantId, holder.orderId, {
      channel: way.channel,
      account: way.account,
      payType: way.payType,
      payer: way.login && holder.payer,
      clientIp,
      returnUrl: backTo(holder),
    })
    return { is: 'action', action, endsAt: endOf(attempt, actionExpiresAt) }
  }

  /** A code that was made before and can still be scanned. */
  function shownCode(
    found: readonly Way[],
    { attempts }: OrderView,
  ): { channel: ChannelName; codeUrl: string; endsAt: Instant } | undefined {
    for (const attempt of attempts) {
      const { action, actionExpiresAt, status, channel, account, ask } = attempt
      const isWay = found.some((way) => way.channel === channel && way.account === account && way.payType === ask.payType)
      if (status === 'open' && isWay && action?.type === 'qr' && actionExpiresAt !== undefined && hasUsableAction(attempt, runtime.now()))
        return { channel, codeUrl: action.codeUrl, endsAt: endOf(attempt, actionExpiresAt) }
    }
    return undefined
  }

  /**
   * Where the browser goes to say who pays there, and what it has to keep until it comes back.
   *
   * @throws AppError NOT_FOUND when the way needs no login.
   */
  function beginLogin(holder: LinkHolder, way: Way, callbackUrl: (channel: ChannelName) => string) {
    const oauth = way.login && accounts.find(way.login.at.channel, way.login.at.account)?.oauth
    if (!way.login || !oauth) throw new AppError('NOT_FOUND', 'nobody has to log in here')
    const { merchantId, orderId, via } = holder
    const at = way.login.for === 'payment' ? { channel: way.channel, account: way.account } : way.login.at
    const { state, token, expiresInSeconds } = flows.begin({ link: { merchantId, orderId, via }, ...at })
    return { url: oauth.url({ redirectUri: callbackUrl(at.channel), state }), state, token, expiresInSeconds }
  }

  /**
   * Exchanges the code of a login that came back, once. A channel whose login is for one payment gets that payment at once.
   *
   * @throws AppError INVALID_REQUEST when the login was used before, UNAUTHORIZED for a code that is not good, and whatever paying throws.
   */
  async function finishLogin(
    { link, channel, account, state }: OAuthFlow,
    { code, clientIp }: { code: string; clientIp: string },
  ): Promise<LoggedIn> {
    const at = runtime.now()
    if (!(await markStateUsed(db, { state, at }))) throw new AppError('INVALID_REQUEST', 'this login was used before')
    const found = accounts.find(channel, account)
    if (!found?.oauth) throw new AppError('UNAUTHORIZED', 'the account has no login')
    const { openId, appId } = await exchanged(found, link, code)
    if (!found.oauth.isForOnePayment) {
      const payerId = asOwnId('PayerId', newId(runtime, 'usr'))
      return { is: 'session', ...sessions.issue(await savePayer(db, { merchantId: link.merchantId, payerId, appId, openId, at })) }
    }
    const ask = { channel, account, payType: 'JSAPI', openId, clientIp, returnUrl: backTo(link) } as const
    const { action } = await payments.pay(link.merchantId, link.orderId, ask)
    const url = action.type === 'wx.requestPayment' ? action.cashierUrl : action.type === 'redirect' ? action.url : undefined
    if (url === undefined) throw new AppError('CHANNEL_ERROR', 'the channel gave no page to pay at')
    return { is: 'leave', url }
  }

  async function exchanged(account: ChannelAccount, { merchantId, orderId }: OrderLink, code: string) {
    const asked = await askChannel(account, 'login', { merchantId, orderId, number: 'page' }, async (one) => one.oauth?.openId({ code }))
    if (!asked.ok) throw channelRefusal(asked.failure)
    if (!asked.value) throw new AppError('SYSTEMERROR', 'the account lost its login')
    return asked.value
  }

  /**
   * The order's page, for a merchant who wants a page of an account that has none of its own. Nothing is asked for before the payer does.
   *
   * @returns undefined where the account has one. @throws AppError ORDERPAID, ORDERCLOSED, NOT_FOUND; PARAM_ERROR without the account.
   */
  async function linkInstead(
    merchantId: MerchantId,
    orderId: OrderId,
    asked: { readonly channel?: ChannelName | undefined; readonly account?: AccountId | undefined },
  ): Promise<string | undefined> {
    const { order } = await loadView(db, merchantId, orderId)
    const { channel, account, payTypes, currencies } = accounts.pick({ ...asked, payType: 'PAGE', currency: order.amount.currency })
    // What is wrong with the account is said where payments are started.
    if (payTypes.includes('PAGE') || !currencies.includes(order.amount.currency)) return undefined
    if (order.status === 'succeeded') throw new AppError('ORDERPAID', `order ${orderId} is paid already`)
    if (order.status !== 'pending' || order.expiresAt <= runtime.now())
      throw new AppError('ORDERCLOSED', `order ${orderId} is closed; make a new one`)
    const isChosen = asked.channel !== undefined || asked.account !== undefined
    return links.url({ merchantId, orderId, ...(isChosen ? { via: { channel, account } } : {}) })
  }

  /** The page again; it then asks what became of the order. */
  function backTo(link: OrderLink): string {
    return `${links.url(link)}&back=1`
  }
}

/** Nothing can be paid after the order's end, however long the channel would show it. */
function endOf({ ask }: Attempt, actionExpiresAt: Instant = ask.expiresAt): Instant {
  return actionExpiresAt < ask.expiresAt ? actionExpiresAt : ask.expiresAt
}

function mayBeUsed({ channel, account }: ChannelAccount, { via }: OrderLink): boolean {
  return via === undefined || (via.channel === channel && via.account === account)
}

function offerOf(one: ChannelAccount): Offer {
  const login = one.oauth && (one.oauth.isForOnePayment ? 'payment' : 'session')
  return { channel: one.channel, account: one.account, payTypes: one.payTypes, appId: one.appIdFor('JSAPI'), login }
}
