import type { Context } from 'koa'

/** Whether nobody has asked yet: a browser that looks ahead, or a crawler that looks whether there is something. */
export function isAhead(ctx: Context): boolean {
  return ctx.method === 'HEAD' || /prefetch|prerender|preview/i.test(`${ctx.get('sec-purpose')} ${ctx.get('purpose')} ${ctx.get('x-moz')}`)
}
