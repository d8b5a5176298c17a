import type { Context } from 'koa'
import { AppError } from '../core/error.ts'

/**
 * A request that changes something and carries what a browser adds by itself has to come from a page of ours. Browsers say where a POST
 * comes from; one that does not say is let in only with nothing of the browser's own on it.
 *
 * @throws AppError NOAUTH
 */
export function assertOwnOrigin(ctx: Context, { publicUrl, hasCookie }: { readonly publicUrl: string; readonly hasCookie: boolean }): void {
  const [origin, site] = [ctx.get('origin'), ctx.get('sec-fetch-site')]
  const isOwn = origin === '' ? site === 'same-origin' : origin === publicUrl
  const saysNothing = origin === '' && site === ''
  if (!isOwn && !(saysNothing && !hasCookie)) throw new AppError('NOAUTH', 'this is taken from pages of this site only')
}
