import type { LinkOrder, LinkPaying, OrderPage } from '../../../shared/api/pay-page.ts'
import type { ChannelName } from '../../../shared/kernel/pay.ts'
import { type Trouble, troubleOf } from '../../../shared/kernel/pay-page.ts'

/** The only file of the page that knows the browser: its clock, its network, its address, and WeChat's bridge. */

const askMs = 15_000
const payMs = 30_000
const pollMs = 3000
/** The stream beats every 15 seconds. One that is not heard for longer is held back on its way, or nobody's any more. */
const quietMs = 20_000
const bridgeMs = 8000

export type Answered<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly trouble: Trouble }

/** The order as the server has it; undefined when it cannot be asked now. */
export async function askOrder({ addresses }: Pick<OrderPage, 'addresses'>): Promise<LinkOrder | undefined> {
  const answer = await request<LinkOrder>(addresses.state, { method: 'GET', ms: askMs })
  return answer.ok ? answer.value : undefined
}

/** Asks for something to pay with. The amount is not said: the server has it. */
export function startPayment({ addresses }: Pick<OrderPage, 'addresses'>, channel: ChannelName): Promise<Answered<LinkPaying>> {
  return request<LinkPaying>(addresses.pay, { method: 'POST', ms: payMs, body: JSON.stringify({ channel }) })
}

async function request<T>(url: string, { method, ms, body }: { method: 'GET' | 'POST'; ms: number; body?: string }): Promise<Answered<T>> {
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(), ms)
  try {
    const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
    const answer = await fetch(url, { method, headers, signal: limit.signal, ...(body === undefined ? {} : { body }) })
    const read: { success?: boolean; data?: T; code?: string } = await answer.json()
    return read.success === true && read.data !== undefined ? { ok: true, value: read.data } : { ok: false, trouble: troubleOf(read.code) }
  } catch {
    // The server was not reached, or did not answer in time: nobody knows anything of the channel.
    return { ok: false, trouble: 'network' }
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Tells of every change of the order until the returned function is called: by the stream while it is heard, else by asking every three
 * seconds.
 */
export function followOrder(page: Pick<OrderPage, 'addresses'>, onOrder: (order: LinkOrder) => void): () => void {
  let isOver = false
  let isAsking = false
  let heardAt = Number.NEGATIVE_INFINITY
  const stream = 'EventSource' in window ? new EventSource(page.addresses.events) : undefined
  const hear = () => {
    heardAt = now()
  }
  stream?.addEventListener('status', ({ data }) => {
    hear()
    if (!isOver) onOrder(JSON.parse(data))
  })
  stream?.addEventListener('alive', hear)
  const poll = setInterval(() => {
    // That a stream is open says little: a proxy may keep to itself what comes through it.
    const isHeard = stream?.readyState === 1 && now() - heardAt < quietMs
    if (!isHeard && !document.hidden) void ask()
  }, pollMs)
  return () => {
    isOver = true
    stream?.close()
    clearInterval(poll)
  }

  async function ask(): Promise<void> {
    if (isAsking) return
    isAsking = true
    const order = await askOrder(page)
    isAsking = false
    if (order && !isOver) onOrder(order)
  }
}

/** When somebody looks at the page again, or there is a network again. */
export function onLook(run: () => void): () => void {
  const look = () => {
    if (!document.hidden) run()
  }
  document.addEventListener('visibilitychange', look)
  window.addEventListener('pageshow', look)
  window.addEventListener('online', look)
  return () => {
    document.removeEventListener('visibilitychange', look)
    window.removeEventListener('pageshow', look)
    window.removeEventListener('online', look)
  }
}

/** What WeChat says of a payment; `ok` is a reason to ask the server, and nothing more. */
export type BridgeResult = 'ok' | 'cancel' | 'fail' | 'absent'

/** What WeChat gave, handed on as it came. */
type BridgeParams = Extract<LinkPaying['action'], { type: 'wx.requestPayment' }>['params']
type Bridge = { invoke(name: string, params: BridgeParams, done: (result: Readonly<Record<string, unknown>>) => void): void }

/** Opens WeChat Pay over this page. */
export async function payByBridge(params: BridgeParams): Promise<BridgeResult> {
  const bridge = await wechatBridge()
  if (!bridge) return 'absent'
  return new Promise((resolve) => {
    bridge.invoke('getBrandWCPayRequest', params, (result) => {
      const said: unknown = Reflect.get(result, 'err_msg')
      const word = typeof said === 'string' ? said.split(':')[1] : undefined
      resolve(word === 'ok' || word === 'cancel' ? word : 'fail')
    })
  })
}

/** WeChat puts it into the page some time after the page began. */
function wechatBridge(): Promise<Bridge | undefined> {
  const found = (): Bridge | undefined => Reflect.get(window, 'WeixinJSBridge')
  const there = found()
  if (there) return Promise.resolve(there)
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(found()), bridgeMs)
    document.addEventListener(
      'WeixinJSBridgeReady',
      () => {
        clearTimeout(timer)
        resolve(found())
      },
      { once: true },
    )
  })
}

/** Runs what the page does by itself once somebody looks at it, and not for a browser that looks ahead. */
export function whenSeen(run: () => void): void {
  if (Reflect.get(document, 'prerendering')) document.addEventListener('prerenderingchange', run, { once: true })
  else run()
}

export function every(ms: number, run: () => void): () => void {
  const timer = setInterval(run, ms)
  return () => clearInterval(timer)
}

export function after(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}

export function now(): number {
  return Date.now()
}

/** When the page is shown again out of the browser's memory. */
export function onReturn(run: () => void): () => void {
  window.addEventListener('pageshow', run)
  return () => window.removeEventListener('pageshow', run)
}

export function setTitle(title: string): void {
  document.title = title
}

/** Leads the payer out to pay. Should he come back by the browser's own button, the page knows that he was there. */
export function leaveTo(url: string, { addresses }: Pick<OrderPage, 'addresses'>): void {
  remembering((kept) => kept.setItem(addresses.form, 'left'))
  location.assign(url)
}

/** Whether the payer was led out to pay and went back himself, so that nothing led him here says so; true once. */
export function wentBack({ addresses }: Pick<OrderPage, 'addresses'>): boolean {
  let wasLedOut = false
  remembering((kept) => {
    wasLedOut = kept.getItem(addresses.form) !== null
    kept.removeItem(addresses.form)
  })
  return wasLedOut && performance.getEntriesByType('navigation').some((entry) => Reflect.get(entry, 'type') === 'back_forward')
}

/** What went wrong once is not told again to who reloads the page. */
export function forgetTrouble(): void {
  const here = new URL(location.href)
  here.searchParams.delete('trouble')
  history.replaceState(history.state, '', here)
}

/** Some browsers keep nothing, and say so by throwing. */
function remembering(work: (kept: Storage) => void): void {
  try {
    work(sessionStorage)
  } catch {
    // Then nothing is remembered.
  }
}

/** Whether there is a network, now and whenever that changes. */
export function watchNetwork(onChange: (isOnline: boolean) => void): () => void {
  const [on, off] = [() => onChange(true), () => onChange(false)]
  window.addEventListener('online', on)
  window.addEventListener('offline', off)
  if (!navigator.onLine) off()
  return () => {
    window.removeEventListener('online', on)
    window.removeEventListener('offline', off)
  }
}

export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false
  }
}
