import type Router from '@koa/router'
import type { Context } from 'koa'
import { AppError } from '../../core/error.ts'
import type { BuiltPages } from '../../lib/built-pages.ts'
import type { Log } from '../../lib/log.ts'
import { makeNotices } from './notices.ts'
import { callbackPaths, mountCallbacks } from './oauth-callbacks.ts'
import { mountOrderPages, orderPagePaths, type PageParts } from './order-pages.ts'

type Parts = Omit<PageParts, 'notices' | 'render'> &
  Omit<Parameters<typeof mountCallbacks>[1], 'notices'> & { readonly pages: BuiltPages | undefined; readonly log: Log }

const assetPath = '/assets/:file'
const yearSeconds = 365 * 24 * 60 * 60

/** Everything that is answered to browsers, by method. */
export const pagePaths = [...orderPagePaths, ...callbackPaths, { method: 'get', path: assetPath }]

/** The pages of the cashier, and what they are made of. */
export function mountPages(router: Router, parts: Parts): Router {
  const { pages, cookies, publicUrl, log } = parts
  if (!pages) {
    for (const { path } of pagePaths)
      router.all(path, () => {
        throw new AppError('UNAVAILABLE', 'the pages are not built: run npm run pages, which needs the development dependencies')
      })
    return router
  }
  const notices = makeNotices({ render: pages.render, cookies, publicUrl, log })
  mountOrderPages(router, { ...parts, notices, render: pages.render })
  mountCallbacks(router, { ...parts, notices })
  router.get(assetPath, (ctx) => sendAsset(ctx, pages))
  return router
}

/** Their names hold a hash of what is in them, so they never change. */
function sendAsset(ctx: Context, pages: BuiltPages): void {
  ctx.state.route = `GET ${assetPath}`
  const asset = pages.assets.get(String(ctx.params.file))
  if (!asset) throw new AppError('NOT_FOUND', 'no such address')
  const isZipped = ctx.acceptsEncodings('gzip', 'identity') === 'gzip'
  ctx.set({ 'cache-control': `public, max-age=${yearSeconds}, immutable`, vary: 'Accept-Encoding' })
  if (isZipped) ctx.set('content-encoding', 'gzip')
  ctx.type = asset.type
  ctx.body = isZipped ? asset.gzipped : asset.bytes
}
