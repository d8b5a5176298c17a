import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { answer, type Exchange } from '../exchange.ts'
import { payPage } from '../pages.ts'

const files: Readonly<Record<string, { readonly name: string; readonly type: string }>> = {
  '/phone': { name: 'phone.html', type: 'text/html; charset=utf-8' },
  '/h5pay': { name: 'phone.html', type: 'text/html; charset=utf-8' },
  '/phone/phone.js': { name: 'phone.js', type: 'text/javascript; charset=utf-8' },
  '/phone/phone.css': { name: 'phone.css', type: 'text/css; charset=utf-8' },
}

/** The payer's phone as a web page; false when the address is none of its own. */
export function servePhone({ method, path, headers, response }: Exchange): boolean {
  const file = files[path]
  if (!file || (method !== 'GET' && method !== 'HEAD')) return false
  const refusal = path === '/h5pay' ? h5Refusal(headers) : undefined
  if (refusal !== undefined) {
    answer(response, 200, payPage({ title: '微信支付 · WeChat Pay', merchant: '', lines: [], message: refusal }))
    return true
  }
  answer(response, 200, readFileSync(join(import.meta.dirname, file.name)), {
    'Content-Type': file.type,
    'Content-Security-Policy':
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  })
  return true
}

/** Whoever is sent here comes from a page of the merchant's, which the browser names, and not from inside WeChat (v3 fact sheet §6). */
function h5Refusal(headers: Exchange['headers']): string | undefined {
  if ((headers.referer ?? '') === '')
    return '商家存在未配置的参数，请联系商家解决 · No Referer: the page that led here keeps its address to itself'
  return /MicroMessenger/.test(headers['user-agent'] ?? '')
    ? '请在微信外打开订单，进行支付 · H5 payments are made outside of WeChat'
    : undefined
}
