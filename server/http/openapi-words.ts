import type { Door } from './route.ts'

/** What the document says of all operations at once. */
export const conventions = `A self-hosted WeChat cashier. One link, one order, one payment that is certainly received and certainly told.

**Answers.** A success is \`{"success":true,"data":…}\`. A refusal is \`{"success":false,"error":"for people","code":"FOR_PROGRAMS","details":{…},"requestId":"…"}\` with the status that its code stands for; each operation lists the codes it may carry.

**Money.** In: a decimal string or number of the major unit (\`"99.99"\`), never with more decimals than the currency has. Out: \`amount\` is such a string, with \`amountMinor\`, an integer of the minor unit, beside it.

**Times** are RFC 3339 with \`+08:00\`; ids are strings.

**Idempotency.** Every POST with a key or a session takes an \`Idempotency-Key\`. The first final answer is kept for 24 h and given again byte for byte; after a 5xx or a lost connection the same key goes on under the same numbers; with another body it is \`IDEMPOTENCY_MISMATCH\`; while the first request runs it is \`CONFLICT\` with \`details.isRunning\` and \`Retry-After\`.

**Lists** take \`limit\` and \`cursor\` and answer \`{items, nextCursor}\`; \`nextCursor\` is null on the last page.

**A timeout means unknown, never failed.** After \`CHANNEL_TIMEOUT\` the same request may be sent again: it goes on under the same number.`

const numbersWords = 'How orders, refunds and payments by code are numbered'
const tagNames = {
  orders: { name: 'Orders', description: 'An order first, then a way to pay it' },
  refunds: { name: 'Refunds', description: 'Money back, all or in parts' },
  payments: { name: 'Payments', description: 'Order and payment in one step, by channel' },
  unmatched: { name: 'Unmatched money', description: 'Money that fits no order, or not its amount: it is never guessed at' },
  products: { name: 'Products', description: 'What the mini-program’s shop sells' },
  'webhook-endpoints': { name: 'Webhooks', description: 'Where events are sent, and how they are signed' },
  events: { name: 'Events', description: 'What happened, as merchants are told of it' },
  reconciliations: { name: 'Reconciliation', description: 'A day’s bill against the books' },
  accounts: { name: 'Accounts', description: 'The sets of credentials on channels that this server was given' },
  'order-numbers': { name: 'Numbers', description: numbersWords },
  'number-series': { name: 'Numbers', description: numbersWords },
  cashier: { name: 'Cashier', description: 'What a payer’s session may do; amounts and prices are the server’s alone' },
  notifications: { name: 'Notifications', description: 'Where channels tell what happened' },
} as const

/** The groups of the reference. */
export const tags: Readonly<Record<string, { name: string; description: string }>> = tagNames
export const tagList = [...new Map(Object.values(tags).map((tag) => [tag.name, tag])).values()]

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
}

const text = { type: 'string' } as const

/** Headers and credentials, described once. */
export const components = {
  securitySchemes: {
    merchantKey: { type: 'http', scheme: 'bearer', description: 'A merchant key, `sk_…`; for servers only, never in a page or an app' },
    session: { type: 'http', scheme: 'bearer', description: 'The token of `POST /cashier/session`' },
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
      description: 'The language of `error`: `zh` (when absent) or `en`',
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
