import type { ZodOpenApiPathsObject } from 'zod-openapi'
import { eventWords, webhookBody } from '../../shared/api/webhook-event.ts'
import { eventTypes } from '../../shared/kernel/events.ts'
import { inBoth } from './openapi-words.ts'

const header = (name: string, description: string, pattern: string, example: string) =>
  ({ name, in: 'header', required: true, description, schema: { type: 'string', pattern }, example }) as const

/** The three headers of Standard Webhooks. */
const signed = [
  header(
    'webhook-id',
    'The event; the same at every delivery of it, so that a second one can be told from a first',
    '^[\\w-]+$',
    'evt_019b7f5e8a7c7d1f',
  ),
  header('webhook-timestamp', 'When this delivery was sent, in seconds since 1970', '^\\d+$', '1767294245'),
  header(
    'webhook-signature',
    'HMAC-SHA256 of `id.timestamp.body` under the endpoint’s secret, in Base64; two of them while a secret rolls',
    '^v1,[0-9A-Za-z+/]+=*( v1,[0-9A-Za-z+/]+=*)*$',
    'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=',
  ),
]

const description =
  'Verify the signature on the raw body and refuse what is older than five minutes. Any 2xx within 15 s is a yes; otherwise it is told again after 5 s, 5 min, 30 min, 2 h and so on for three days. 410 disables the endpoint. Deliveries may come twice and in any order.'

/** What the server sends to a merchant's endpoints, as the document's webhooks. */
export function webhooksOf(): ZodOpenApiPathsObject {
  return Object.fromEntries(
    eventTypes.map((type) => [
      type,
      {
        post: {
          operationId: `on${type.split(/[._]/).map(capital).join('')}`,
          tags: ['Webhooks'],
          ...inBoth('summary', eventWords[type]),
          description,
          parameters: [...signed],
          requestBody: { required: true, content: { 'application/json': { schema: webhookBody(type) } } },
          responses: {
            '2XX': { description: 'Taken' },
            '410': { description: 'Never again: the endpoint is disabled' },
            default: { description: 'Told again later' },
          },
        },
      },
    ]),
  )
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1)
}
