import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { answer, type Exchange } from '../exchange.ts'

const files: Readonly<Record<string, { readonly name: string; readonly type: string }>> = {
  '/phone': { name: 'phone.html', type: 'text/html; charset=utf-8' },
  '/h5pay': { name: 'phone.html', type: 'text/html; charset=utf-8' },
  '/phone/phone.js': { name: 'phone.js', type: 'text/javascript; charset=utf-8' },
  '/phone/phone.css': { name: 'phone.css', type: 'text/css; charset=utf-8' },
}

/** The payer's phone as a web page; false when the address is none of its own. */
export function servePhone({ method, path, response }: Exchange): boolean {
  const file = files[path]
  if (!file || (method !== 'GET' && method !== 'HEAD')) return false
  answer(response, 200, readFileSync(join(import.meta.dirname, file.name)), {
    'Content-Type': file.type,
    'Content-Security-Policy':
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  })
  return true
}
