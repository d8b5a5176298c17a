import type Router from '@koa/router'
import type { Context } from 'koa'
import type { OrderPage, RenderPage } from '../../../shared/api/pay-page.ts'
import { channelNames } from '../../../shared/kernel/pay.ts'
import { type Trouble, troubleOf, troubles } from '../../../shared/kernel/pay-page.ts'
import { AppError } from '../../core/error.ts'
import type { OrderView } from '../../core/orders.ts'
import type { LinkHolder, PayPage, Way } from '../../core/pay-page.ts'
import type { Runtime } from '../../lib/runtime.ts'
import { type Cookies, flowCookie } from '../cookies.ts'
import type { LinkAddresses } from '../link-addresses.ts'
import type { LinkHolders } from '../link-holders.ts'
import { presentLinkOrder, presentQr } from '../present-link.ts'
import { readForm } from './form-body.ts'
import type { Notices } from './notices.ts'
import { goTo, setPageHeaders } from './page-headers.ts'
import { isAhead } from './prefetch.ts'

export type PageParts = {
  readonly payPage: PayPage
  readonly holders: LinkHolders
  readonly linkAddresses: LinkAddresses
  readonly cookies: Cookies
  readonly notices: Notices
  readonly render: RenderPage
  readonly runtime: Pick<Runtime, 'now'>
  readonly merchantName: string
  readonly publicUrl: string
}

/** What is left of a link that was cut off on its way. */
const cutLinkPath = '/pay'

export const orderPagePaths = [
  { method: 'get', path: cutLinkPath },
  { method: 'get', path: '/pay/:orderId' },
  { method: 'post', path: '/pay/:orderId' },
  { method: 'get', path: '/pay/:orderId/login' },
] as const

/** `/pay/:orderId?k=…`, one link for any device: the page, the form on it, and the way to the channel's login. */
export function mountOrderPages(router: Router, parts: PageParts): void {
  const { payPage, holders, linkAddresses, cookies, notices, render, runtime, merchantName, publicUrl } = parts
  router.get(cutLinkPath, notices.guard(`GET ${cutLinkPath}`), () => {
    throw new AppError('NOT_FOUND', 'no such order')
  })
  router.get('/pay/:orderId', notices.guard('GET /pay/:orderId'), show)
  router.post('/pay/:orderId', notices.guard('POST /pay/:orderId'), payByForm)
  router.get('/pay/:orderId/login', notices.guard('GET /pay/:orderId/login'), login)

  async function show(ctx: Context): Promise<void> {
    const holder = await holders.read(ctx)
    const isBack = ctx.query.back === '1'
    const view = await payPage.look(holder, { asks: isBack })
    const ways = isPayable(view) ? payPage.ways(holder, view.order) : []
    if (mustLogIn(ctx, holder, ways)) return goTo(ctx, linkAddresses.login(holder, ways[0]?.channel ?? 'wechat'))
    setPageHeaders(ctx, publicUrl)
    ctx.type = 'text/html; charset=utf-8'
    const page = { ...pageOf(holder, view, ways), isBack, trouble: troubleIn(ctx), ...(ctx.query.again === '1' ? { shown: null } : {}) }
    ctx.body = render({ page: 'order', language: notices.languageFor(ctx), languages: notices.languagesOf(ctx), ...page })
  }

  function pageOf(holder: LinkHolder, view: OrderView, ways: readonly Way[]): Omit<OrderPage, 'page' | 'isBack' | 'trouble'> {
    const code = payPage.shownCode(ways, view)
    return {
      order: presentLinkOrder(view, { merchant: merchantName, now: runtime.now() }),
      device: holder.device,
      ways: ways.map(({ channel, kind }) => ({ channel, kind })),
      shown: code ? { channel: code.channel, qr: presentQr(code.codeUrl, code.endsAt) } : null,
      addresses: {
        form: linkAddresses.form(holder),
        state: linkAddresses.state(holder),
        pay: linkAddresses.pay(holder),
        events: linkAddresses.events(holder),
        self: publicUrl + linkAddresses.page(holder),
      },
    }
  }

  /** Inside WeChat the payer is known before he taps: WeChat opens the payment only from a tap, not after a journey. */
  function mustLogIn(ctx: Context, holder: LinkHolder, ways: readonly Way[]): boolean {
    const [way, ...others] = ways
    const wasSent = ctx.query.login !== undefined || ctx.query.trouble !== undefined
    if (!way || others.length > 0 || wasSent || isAhead(ctx)) return false
    return way.login?.for === 'session' && !payPage.hasSession(holder, way)
  }

  /** What the page's script does, for browsers without one. */
  async function payByForm(ctx: Context): Promise<void> {
    const holder = await holders.read(ctx)
    const form = await readForm(ctx)
    const channel = channelNames.find((name) => name === form.get('channel'))
    try {
      const next = await payPage.pay(holder, { channel, clientIp: ctx.state.clientIp })
      if (next.is === 'login') return goTo(ctx, linkAddresses.login(holder, next.way.channel))
      goTo(
        ctx,
        next.action.type === 'redirect' ? next.action.url : linkAddresses.page(holder, next.action.type === 'qr' ? '' : '&trouble=script'),
      )
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'NOT_FOUND') throw error
      ctx.state.code = error.code
      goTo(ctx, linkAddresses.page(holder, `&trouble=${troubleOf(error.code)}`))
    }
  }

  /** On to the channel's login; nothing is written but a cookie. */
  async function login(ctx: Context): Promise<void> {
    const holder = await holders.read(ctx)
    const channel = channelNames.find((name) => name === ctx.query.channel)
    const view = await payPage.look(holder, { asks: false })
    const way = isPayable(view) ? payPage.ways(holder, view.order).find((one) => one.login && one.channel === channel) : undefined
    if (!way) return goTo(ctx, linkAddresses.page(holder, '&login=1'))
    const { url, state, token, expiresInSeconds } = payPage.beginLogin(holder, way, linkAddresses.callback)
    cookies.write(ctx, flowCookie(state), { value: token, maxAgeSeconds: expiresInSeconds })
    goTo(ctx, url)
  }

  function isPayable({ order }: OrderView): boolean {
    return order.status === 'pending' && order.expiresAt > runtime.now()
  }
}

function troubleIn(ctx: Context): Trouble | null {
  return troubles.find((trouble) => trouble === ctx.query.trouble) ?? null
}
