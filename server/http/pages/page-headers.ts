import type { Context } from 'koa'

const referrerPolicy = 'strict-origin-when-cross-origin'

/**
 * What a page of ours may do: run and show what comes from here, be in nobody's frame, and tell other sites no more of its address than
 * the host, which WeChat asks of whoever sends it a payer (v3 fact sheet §6). A form may lead on to the channel's page, whose hosts are
 * the channel's to choose; it is http only where this server is.
 */
export function setPageHeaders(ctx: Context, publicUrl: string): void {
  const forms = publicUrl.startsWith('https:') ? "'self' https:" : "'self' https: http:"
  ctx.set({
    'content-security-policy': `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action ${forms}; base-uri 'none'; frame-ancestors 'none'`,
    'referrer-policy': referrerPolicy,
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=()',
    'cache-control': 'no-store',
    vary: 'Accept-Language, Cookie, User-Agent',
  })
}

/** Leads the browser on; a form's POST becomes a GET on the way. */
export function goTo(ctx: Context, url: string): void {
  ctx.status = 303
  // What stands on a redirect goes for where it leads: WeChat's page asks who sent the payer.
  ctx.set('referrer-policy', referrerPolicy)
  ctx.set('location', url)
  ctx.body = ''
}
