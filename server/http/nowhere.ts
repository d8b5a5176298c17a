import type { Middleware } from 'koa'
import { AppError } from '../core/error.ts'

export type Address = { readonly method: string; readonly path: string }

/** What no route took: another method of an address we have, or no address of ours. */
export function nowhere(addresses: readonly Address[]): Middleware {
  const known = addresses.map(({ method, path }) => ({ method: method.toUpperCase(), pattern: patternOf(path) }))
  return async (ctx) => {
    const methods = known.filter(({ pattern }) => pattern.test(ctx.path)).map(({ method }) => method)
    if (methods.length === 0) throw new AppError('NOT_FOUND', 'no such address')
    const taken = [...new Set(methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])))].join(', ')
    ctx.set('allow', taken)
    throw new AppError('INVALID_REQUEST', `${ctx.method} is not taken here; ${taken}`, { status: 405 })
  }
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/[.]/g, '\\$&').replace(/:\w+/g, '[^/]+')}/?$`)
}
