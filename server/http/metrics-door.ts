import type { Context } from 'koa'
import { AppError } from '../core/error.ts'
import { equalBytes } from '../lib/hmac.ts'
import type { Secret } from '../lib/secret.ts'

/** @throws AppError UNAUTHORIZED unless the figures are open, or the caller shows their token. */
export function assertMayRead(ctx: Context, token: Secret | undefined): void {
  if (token === undefined || equalBytes(Buffer.from(ctx.get('authorization')), Buffer.from(`Bearer ${token.reveal()}`))) return
  ctx.set('www-authenticate', 'Bearer')
  throw new AppError('UNAUTHORIZED', 'this needs the token of METRICS_TOKEN: Authorization: Bearer <token>')
}
