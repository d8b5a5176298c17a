import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import type Router from '@koa/router'
import type { Context } from 'koa'
import { sha256Hex } from '../lib/hmac.ts'

const compress = promisify(gzip)
const ours = join(import.meta.dirname, '../pages/docs')
const require = createRequire(import.meta.url)

/** The reference page: what each address is, and where its bytes lie. */
const files = {
  '/docs': { type: 'text/html; charset=utf-8', find: () => join(ours, 'index.html') },
  '/docs/start.js': { type: 'text/javascript; charset=utf-8', find: () => join(ours, 'start.js') },
  '/docs/docs.css': { type: 'text/css; charset=utf-8', find: () => join(ours, 'docs.css') },
  // Without its charset the browser takes it for another and stops at the first letter it does not know.
  '/docs/swagger-ui-bundle.js': {
    type: 'text/javascript; charset=utf-8',
    find: () => require.resolve('swagger-ui-dist/swagger-ui-bundle.js'),
  },
  '/docs/swagger-ui.css': { type: 'text/css; charset=utf-8', find: () => require.resolve('swagger-ui-dist/swagger-ui.css') },
} as const
type Address = keyof typeof files

export const docsPaths = Object.keys(files) as readonly Address[]

/** Only this host: scripts and styles from files, the pictures that swagger-ui's style carries within itself, answers from here. */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')
/** An hour; after that the browser asks whether it changed. */
const cachePolicy = 'public, max-age=3600, must-revalidate'

type Kept = { readonly etag: string; readonly plain: Buffer; readonly packed: Buffer }

/** `GET /docs`: the document as a page that works offline. Nothing is read before somebody asks, and nothing is packed twice. */
export function mountDocs(router: Router): void {
  const kept = new Map<Address, Promise<Kept>>()
  for (const path of docsPaths)
    router.get(path, async (ctx: Context) => {
      ctx.state.route = `GET ${path}`
      await send(ctx, path)
    })

  async function send(ctx: Context, path: Address): Promise<void> {
    const { etag, plain, packed } = await load(path)
    ctx.set({ 'cache-control': cachePolicy, 'content-security-policy': pagePolicy, etag, vary: 'Accept-Encoding' })
    ctx.status = 200
    if (ctx.fresh) {
      ctx.status = 304
      return
    }
    const isPacked = ctx.acceptsEncodings('gzip', 'identity') === 'gzip'
    if (isPacked) ctx.set('content-encoding', 'gzip')
    ctx.type = files[path].type
    ctx.body = isPacked ? packed : plain
  }

  function load(path: Address): Promise<Kept> {
    const known = kept.get(path)
    if (known) return known
    const reading = read(files[path].find())
    kept.set(path, reading)
    reading.catch(() => kept.delete(path))
    return reading
  }
}

async function read(file: string): Promise<Kept> {
  const plain = await readFile(file)
  const packed = await compress(plain, { level: constants.Z_BEST_COMPRESSION })
  // Weak: the same under either encoding.
  return { etag: `W/"${sha256Hex(plain).slice(0, 32)}"`, plain, packed }
}
