import type { Words } from '../../shared/kernel/codes.ts'
import type { Door } from './route.ts'

/** What the document says of all operations at once. */
export const conventions: Words = {
  en: `A self-hosted WeChat cashier. One link, one order, one payment that is certainly received and certainly told.

**Answers.** A success is \`{"success":true,"data":…}\`. A refusal is \`{"success":false,"error":"for people","code":"FOR_PROGRAMS","details":{…},"requestId":"…"}\` with the status that its code stands for; each operation lists the codes it may carry.

**Money.** In: a decimal string or number of the major unit (\`"99.99"\`), never with more decimals than the currency has. Out: \`amount\` is such a string, with \`amountMinor\`, an integer of the minor unit, beside it.

**Times** are RFC 3339 with \`+08:00\`; ids are strings.

**Idempotency.** Every POST with a key or a session takes an \`Idempotency-Key\`. The first final answer is kept for 24 h and given again byte for byte; after a 5xx or a lost connection the same key goes on under the same numbers; with another body it is \`IDEMPOTENCY_MISMATCH\`; while the first request runs it is \`CONFLICT\` with \`details.isRunning\` and \`Retry-After\`.

**Lists** take \`limit\` and \`cursor\` and answer \`{items, nextCursor}\`; \`nextCursor\` is null on the last page.

**A timeout means unknown, never failed.** After \`CHANNEL_TIMEOUT\` the same request may be sent again: it goes on under the same number.`,
  zh: `自托管的微信收银台。一个链接、一个订单，一笔确定到账、确定通知的款项。

**应答。** 成功为 \`{"success":true,"data":…}\`；失败为 \`{"success":false,"error":"给人看的说明","code":"给程序用的代码","details":{…},"requestId":"…"}\`，HTTP 状态与代码对应；每个接口都列出可能的代码。

**金额。** 请求中用主单位的十进制字符串或数字（\`"99.99"\`），小数位不超过该货币的位数；应答中 \`amount\` 是同样的字符串，另有最小单位的整数 \`amountMinor\`。

**时间**为带 \`+08:00\` 的 RFC 3339；标识都是字符串。

**幂等。** 带密钥或会话的 POST 都接受 \`Idempotency-Key\`。第一个最终应答保留 24 小时并逐字节重放；出现 5xx 或连接中断后，同一个键沿用同样的单号继续；内容不同则为 \`IDEMPOTENCY_MISMATCH\`；第一个请求仍在执行时为 \`CONFLICT\`，带 \`details.isRunning\` 和 \`Retry-After\`。

**列表**接受 \`limit\` 和 \`cursor\`，应答为 \`{items, nextCursor}\`；最后一页的 \`nextCursor\` 为 null。

**超时表示未知，绝不表示失败。** 得到 \`CHANNEL_TIMEOUT\` 后可以重发同样的请求，会沿用同一个单号。`,
}

const numbersWords = { en: 'How orders, refunds and payments by code are numbered', zh: '订单、退款与付款码支付的编号' }
const tagNames = {
  orders: { name: 'Orders', description: { en: 'An order first, then a way to pay it', zh: '先有订单，再选支付方式' } },
  refunds: { name: 'Refunds', description: { en: 'Money back, all or in parts', zh: '全部或部分退款' } },
  payments: { name: 'Payments', description: { en: 'Order and payment in one step, by channel', zh: '按渠道一步完成下单与支付' } },
  unmatched: {
    name: 'Unmatched money',
    description: { en: 'Money that fits no order, or not its amount: it is never guessed at', zh: '与订单或金额不符的款项：绝不猜测' },
  },
  products: { name: 'Products', description: { en: 'What the mini-program’s shop sells', zh: '小程序商店出售的商品' } },
  'webhook-endpoints': {
    name: 'Webhooks',
    description: { en: 'Where events are sent, and how they are signed', zh: '事件发往何处、如何签名' },
  },
  events: { name: 'Events', description: { en: 'What happened, as merchants are told of it', zh: '通知商户的事件' } },
  reconciliations: { name: 'Reconciliation', description: { en: 'A day’s bill against the books', zh: '按日对账' } },
  accounts: {
    name: 'Accounts',
    description: { en: 'The sets of credentials on channels that this server was given', zh: '本服务器的渠道账户' },
  },
  'order-numbers': { name: 'Numbers', description: numbersWords },
  'number-series': { name: 'Numbers', description: numbersWords },
  cashier: {
    name: 'Cashier',
    description: {
      en: 'What a payer’s session may do; amounts and prices are the server’s alone',
      zh: '付款人会话可用的接口；金额与价格只由服务器决定',
    },
  },
  notifications: { name: 'Notifications', description: { en: 'Where channels tell what happened', zh: '渠道的回调' } },
} as const

/** The groups of the reference. */
const tags: Readonly<Record<string, { readonly name: string; readonly description: Words }>> = tagNames
export const tagList = [
  ...new Map(Object.values(tags).map(({ name, description }) => [name, { name, ...inBoth('description', description) }])).values(),
]

/** The group of an address: its first word says it, and what channels call has one of its own. */
export function tagOf(path: string): string {
  if (path.includes('/notify')) return tagNames.notifications.name
  if (path.endsWith('/refunds')) return tagNames.refunds.name
  const [, first = ''] = path.split('/')
  return tags[first]?.name ?? first
}

export const security: Record<Door['audience'], Array<Record<string, string[]>>> = {
  public: [],
  // A notification carries its channel's signature, which no scheme of OpenAPI describes.
  channel: [],
  merchant: [{ merchantKey: [] }],
  payer: [{ session: [] }],
  link: [{ orderLink: [] }],
}

const text = { type: 'string' } as const

/** Headers and credentials, described once. */
export const components = {
  securitySchemes: {
    merchantKey: { type: 'http', scheme: 'bearer', description: 'A merchant key, `sk_…`; for servers only, never in a page or an app' },
    session: { type: 'http', scheme: 'bearer', description: 'The token of `POST /cashier/session`' },
    orderLink: { type: 'apiKey', in: 'query', name: 'k', description: 'The key in the address of an order’s page, `cashierUrl`' },
  },
  parameters: {
    'Idempotency-Key': {
      name: 'Idempotency-Key',
      in: 'header',
      description:
        'A name of the caller’s for this one wish, such as `order-T20260102-1`; the first final answer is kept for 24 h and given again byte for byte',
      schema: { ...text, pattern: '^[\\x21-\\x7e]{1,128}$' },
    },
    'X-Request-Id': {
      name: 'X-Request-Id',
      in: 'header',
      description: 'A name of the caller’s for the request, for both logs; one is made when it is absent or has another form',
      schema: { ...text, pattern: '^[A-Za-z0-9._-]{1,64}$' },
    },
    'Accept-Language': {
      name: 'Accept-Language',
      in: 'header',
      description: 'The language of what a channel’s refusal says in `error`, and of `tradeStateDesc`: `zh` (when absent) or `en`',
      schema: { ...text },
    },
  },
  headers: {
    'X-Request-Id': { description: 'What finds the request in the log', required: true, schema: { ...text } },
    'Idempotent-Replayed': {
      description: 'The answer is the one that was kept under the key',
      schema: { ...text, const: 'true' },
    },
    'Retry-After': { description: 'Seconds after which asking again makes sense', schema: { type: 'integer', minimum: 0 } },
  },
} as const

/** A member of the document in English, and beside it in Chinese, which the reference page shows to who reads it. */
export function inBoth<Name extends 'summary' | 'description'>(name: Name, { en, zh }: Words) {
  return { [name]: en, [`x-${name}-zh`]: zh } as { [Key in Name]: string } & { [Key in `x-${Name}-zh`]: string }
}
