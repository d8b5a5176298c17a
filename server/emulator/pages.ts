/** A page of the emulated world without a line of script: what a payer sees, and forms that say what he does. */
export function payPage({
  title,
  merchant,
  lines,
  action,
  fields,
  message,
}: {
  readonly title: string
  readonly merchant: string
  readonly lines: ReadonlyArray<readonly [string, string]>
  readonly action?: string
  readonly fields?: Readonly<Record<string, string>>
  readonly message?: string
}): string {
  const hidden = Object.entries(fields ?? {}).map(
    ([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`,
  )
  const buttons =
    action === undefined
      ? ''
      : `<form method="post" action="${escaped(action)}">${hidden.join('')}<button class="pay" name="do" value="pay">确认支付 · Pay</button><button name="do" value="refuse">不支付 · Do not pay</button></form>`
  const rows = lines.map(([name, value]) => `<div><dt>${escaped(name)}</dt><dd>${escaped(value)}</dd></div>`)
  return `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escaped(title)}</title><link rel="icon" href="data:,"><style>${style}</style><main><h1>${escaped(title)}</h1><p class="merchant">${escaped(merchant)}</p>${message === undefined ? '' : `<p role="alert">${escaped(message)}</p>`}<dl>${rows.join('')}</dl>${buttons}<p class="note">这是模拟的支付页面，不会产生真实的扣款。<br>This is an emulated page. No real money moves.</p></main></html>`
}

const style =
  ':root{color-scheme:light dark;font-family:system-ui,sans-serif}body{margin:0;background:light-dark(#f4f5f7,#16181c)}main{max-width:26rem;margin:8vh auto;padding:2rem 1.5rem;background:light-dark(#fff,#22252b);border-radius:1rem}h1{font-size:1.1rem;margin:0}.merchant{opacity:.7;margin:.25rem 0 1.5rem}dl{margin:0 0 1.5rem}dl div{display:flex;justify-content:space-between;gap:1rem;padding:.6rem 0;border-bottom:1px solid light-dark(#e6e8eb,#383c44)}dt{opacity:.7}dd{margin:0;text-align:right;overflow-wrap:anywhere}dl div:first-child dd{font-size:1.6rem;font-weight:600}button{display:block;width:100%;min-height:48px;margin-top:.75rem;border:1px solid light-dark(#c9cdd3,#4a4f58);border-radius:.6rem;background:none;color:inherit;font:inherit}button.pay{background:#0a7d3c;border-color:#0a7d3c;color:#fff;font-weight:600}button:focus-visible{outline:3px solid #3b82f6;outline-offset:2px}.note{font-size:.8rem;opacity:.7;margin:1.5rem 0 0}'

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

/** An amount as people read it; the yen has no smaller unit. */
export function readable(minor: number, currency: string): string {
  if (currency === 'JPY') return `${minor} JPY`
  const digits = String(minor).padStart(3, '0')
  return `${digits.slice(0, -2)}.${digits.slice(-2)} ${currency}`
}
