import type { Context } from 'koa'

export type Cookies = ReturnType<typeof makeCookies>

/**
 * Cookies no script reads. Lax, so that a payer who comes back from WeChat's page is still himself, and a form on another's page is not.
 * Over https their name keeps neighbours of our host from planting one.
 */
export function makeCookies(publicUrl: string) {
  const isSecure = publicUrl.startsWith('https:')
  const prefix = isSecure ? '__Host-shouyin-' : 'shouyin-'
  return { read, write, clear }

  function read(ctx: Context, name: string): string | undefined {
    return ctx.cookies.get(prefix + name)
  }

  /** @param value letters of base64url and dots only. */
  function write(ctx: Context, name: string, { value, maxAgeSeconds }: { readonly value: string; readonly maxAgeSeconds: number }): void {
    const attributes = ['Path=/', `Max-Age=${maxAgeSeconds}`, 'HttpOnly', 'SameSite=Lax', ...(isSecure ? ['Secure'] : [])]
    ctx.append('set-cookie', `${prefix}${name}=${value}; ${attributes.join('; ')}`)
  }

  function clear(ctx: Context, name: string): void {
    write(ctx, name, { value: '', maxAgeSeconds: 0 })
  }
}

/** The payer's session in a browser. */
export const sessionCookie = 'payer'

/** A login under way has a cookie of its own, so that two at once do not meet. */
export function flowCookie(state: string): string {
  return `oauth-${state.slice(0, 8)}`
}
