import type { Context } from 'koa'
import { fieldProblem } from '../failures.ts'

const formMaxBytes = 1024

/** The fields of a small form. @throws AppError INVALID_REQUEST when it is none, or too long. */
export async function readForm(ctx: Context): Promise<URLSearchParams> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of ctx.req) {
    bytes += chunk.length
    if (bytes > formMaxBytes) throw fieldProblem('body', `is larger than ${formMaxBytes} bytes`, 'INVALID_REQUEST', 413)
    chunks.push(chunk)
  }
  if (bytes > 0 && !ctx.is('application/x-www-form-urlencoded'))
    throw fieldProblem('Content-Type', 'has to be application/x-www-form-urlencoded', 'INVALID_REQUEST', 415)
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
}
