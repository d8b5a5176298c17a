import { connect } from 'node:net'
import type { Data } from '../../support/client.ts'
import { type Shop, startShop } from '../../support/shop.ts'
import { type Line, startLine } from './line.ts'

/** What the channel tells, as it goes over the wire. */
export type Letter = Shop['mail']['letters'][number]

/** A shop whose calls to the channel go over a line that a test listens to. */
export async function startShopOnLine(environment: Record<string, string> = {}): Promise<{ shop: Shop; line: Line; end(): Promise<void> }> {
  const line = await startLine()
  const shop = await startShop({ environment: { ...environment, WECHAT_GATEWAY: line.origin } })
  line.connect(shop)
  return {
    shop,
    line,
    end: async () => {
      await shop.close()
      await line.close()
    },
  }
}

/** One more server of the same shop: the same database and the same channel, another process and another clock. */
export async function startAnother(shop: Shop, environment: Record<string, string> = {}): Promise<Shop> {
  return startShop({ environment: { ...shop.emulator.environment(), DATABASE_URL: shop.databaseUrl, ...environment } })
}

/** The figure of a metric, added up over all lines that bear the labels. */
export async function figure(shop: Pick<Shop, 'metrics'>, name: string, ...labels: string[]): Promise<number> {
  return (await shop.metrics())
    .split('\n')
    .filter((line) => new RegExp(`^${name}[ {]`).test(line) && labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

/** An order that was paid and told. */
export async function paidOrder(shop: Shop, given: Record<string, unknown> = {}): Promise<Data> {
  const order = await shop.order(given)
  await shop.pay(order.orderId)
  await shop.phone(order.orderId)
  return shop.until(order.orderId, (seen) => seen.status === 'succeeded')
}

/** An order that was paid, of which nobody tells. */
export async function paidUnheard(shop: Shop): Promise<Data> {
  const order = await shop.order()
  await shop.pay(order.orderId)
  shop.emulator.arm({ fault: 'drop_notify', match: { outTradeNo: order.orderId } })
  await shop.phone(order.orderId)
  return order
}

/** An order that was paid, and what the channel tells of it, which nobody has delivered yet. */
export async function paidWithLetter(
  shop: Shop,
  given: Record<string, unknown> = {},
  how: Record<string, unknown> = {},
): Promise<{ orderId: string; letter: Letter }> {
  const { orderId } = await shop.order(given)
  await shop.pay(orderId, how)
  shop.mail.letters = []
  shop.mail.isHeld = true
  await shop.phone(orderId)
  shop.mail.isHeld = false
  const [letter] = shop.mail.letters
  if (!letter) throw new Error('nothing was sent')
  return { orderId, letter }
}

/** What comes back for bytes that no client of ours would send, until the server hangs up. */
export async function raw(shop: Pick<Shop, 'origin'>, bytes: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(shop.origin())
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  socket.write(bytes)
  let text = ''
  for await (const chunk of socket) text += chunk
  return text
}

/** Each place that takes a body, and who may send one. */
export function bodyPlaces(shop: Shop, { orderId, payerToken }: { orderId: string; payerToken: string }) {
  return [
    { method: 'POST', path: '/orders', token: shop.key },
    { method: 'POST', path: `/orders/${orderId}/pay`, token: shop.key },
    { method: 'POST', path: `/orders/${orderId}/refunds`, token: shop.key },
    { method: 'POST', path: '/products', token: shop.key },
    { method: 'PATCH', path: '/products/cake', token: shop.key },
    { method: 'POST', path: '/cashier/session', token: '' },
    { method: 'POST', path: '/cashier/orders', token: payerToken },
    { method: 'POST', path: `/cashier/orders/${orderId}/pay`, token: payerToken },
  ]
}
