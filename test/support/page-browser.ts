import type { Shop } from './shop.ts'

export const desktop = 'Mozilla/5.0 (X11; Linux x86_64) Chrome/126 Safari/537.36'
export const phone = 'Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/126 Mobile Safari/537.36'
export const wechat = `${phone} MicroMessenger/8.0.49`
export const alipay = `${phone} AlipayClient/10.5`

export type PageBrowser = ReturnType<typeof makePageBrowser>

/** A browser as far as HTTP goes: what it says it is, and the cookies it keeps. */
export function makePageBrowser(shop: Pick<Shop, 'origin'>, userAgent = desktop) {
  const cookies = new Map<string, string>()
  return { cookies, open, post }

  function open(url: string, headers: Record<string, string> = {}): Promise<Response> {
    return send(url, { method: 'GET', headers })
  }

  /** A form on our page. */
  function post(url: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
    const type = body.startsWith('{') ? 'application/json' : 'application/x-www-form-urlencoded'
    return send(url, { method: 'POST', body, headers: { origin: shop.origin(), 'content-type': type, ...headers } })
  }

  async function send(url: string, { headers, ...rest }: { method: string; body?: string; headers: Record<string, string> }) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(new URL(url, shop.origin()), {
      ...rest,
      redirect: 'manual',
      headers: { 'user-agent': userAgent, ...(cookie === '' ? {} : { cookie }), ...headers },
    })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    return answer
  }
}

/** Where a redirect leads. */
export const to = (answer: Response) => answer.headers.get('location') ?? ''

/** What the page of a link asks. */
export function apiOf(cashierUrl: string, what = ''): string {
  const url = new URL(cashierUrl)
  return `${url.origin}/api/v1/cashier/links/${url.pathname.split('/')[2]}${what}${url.search}`
}

/** What is in a page, without markup. */
export const textOf = async (answer: Response) => (await answer.text()).replace(/<[^>]*>/g, ' ')
