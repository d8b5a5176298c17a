import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { verifyWebhook, WebhookError } from '../../../shared/client/verify-webhook.ts'

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const other = 'whsec_bm90IHRoZSBzYW1lIHNlY3JldCBhdCBhbGw='
const now = Date.UTC(2026, 0, 2, 3, 4, 5)
const body = '{"type":"payment.succeeded","data":{"subject":"明前龙井"}}'

/** A delivery as the reference implementation of the rules signs it. */
function delivery({ sentAt = now, by = [secret], text = body, id = 'evt_1' } = {}) {
  const at = new Date(sentAt)
  return {
    headers: {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(sentAt / 1000)),
      'webhook-signature': by.map((one) => new Webhook(one).sign(id, at, text)).join(' '),
    },
    body: text,
    now,
  }
}

async function problemOf(given: Parameters<typeof verifyWebhook>[0]): Promise<string> {
  return verifyWebhook(given).then(
    () => 'none',
    (error) => (error instanceof WebhookError ? error.problem : String(error)),
  )
}

describe('a webhook that was signed by the rules of Standard Webhooks', () => {
  it('is believed, and read from what was signed', async () => {
    expect(await verifyWebhook({ ...delivery(), secret })).toEqual({ id: 'evt_1', sentAt: now, payload: JSON.parse(body) })
  })

  it('is believed as bytes, and with headers of every shape', async () => {
    const { headers } = delivery()
    const upper = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]))

    expect(await problemOf({ ...delivery(), body: new TextEncoder().encode(body), secret })).toBe('none')
    expect(await problemOf({ ...delivery(), headers: new Headers(headers), secret })).toBe('none')
    expect(await problemOf({ ...delivery(), headers: upper, secret })).toBe('none')
  })

  it('is believed while a secret rolls, whichever side has both', async () => {
    expect(await problemOf({ ...delivery({ by: [other, secret] }), secret })).toBe('none')
    expect(await problemOf({ ...delivery({ by: [other] }), secret: [secret, other] })).toBe('none')
  })

  it('is believed with a signature of another version beside ours', async () => {
    const { headers, ...rest } = delivery()

    const signature = `v1a,bm90IG91cnM= v2,abc v1,*** ${headers['webhook-signature']}`

    expect(await problemOf({ ...rest, headers: { ...headers, 'webhook-signature': signature }, secret })).toBe('none')
  })

  it('is whatever the reference implementation says it is', async () => {
    const shared = delivery({ sentAt: Date.now() })

    expect(new Webhook(secret).verify(shared.body, shared.headers)).toEqual(
      (await verifyWebhook({ ...shared, secret, now: Date.now() })).payload,
    )
  })

  it('of any content verifies, and one changed letter of it does not', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.stringMatching(/^[\w-]{1,40}$/), fc.nat(), async (text, id, at) => {
        const signed = delivery({ text, id })
        const bytes = new TextEncoder().encode(text)
        const changed = bytes.with(at % bytes.length, (bytes[at % bytes.length] ?? 0) ^ 1)

        expect(await problemOf({ ...signed, body: bytes, secret })).toBe('none')
        expect(await problemOf({ ...signed, body: changed, secret })).toBe('signature')
      }),
      { numRuns: 60 },
    )
  })
})

describe('a webhook is not believed', () => {
  const { headers } = delivery()
  it.each([
    ['whose secret is another', { secret: other }, 'signature'],
    ['whose body was changed', { body: body.replace('succeeded', 'failed') }, 'signature'],
    ['whose body was parsed and written again', { body: JSON.stringify(JSON.parse(body), null, 1) }, 'signature'],
    ['that carries another event’s number', { headers: { ...headers, 'webhook-id': 'evt_2' } }, 'signature'],
    ['that carries another time', { headers: { ...headers, 'webhook-timestamp': String(now / 1000 + 1) } }, 'signature'],
    ['without a signature of the first version', { headers: { ...headers, 'webhook-signature': 'v2,abc' } }, 'signature'],
    ['with an empty signature', { headers: { ...headers, 'webhook-signature': 'v1,' } }, 'signature'],
    ['without its number', { headers: { ...headers, 'webhook-id': undefined } }, 'headers'],
    ['with its number twice', { headers: { ...headers, 'webhook-id': ['evt_1', 'evt_1'] } }, 'headers'],
    ['with a header twice under two spellings', { headers: { ...headers, 'Webhook-Id': 'evt_1' } }, 'headers'],
    ['with a time that is no number', { headers: { ...headers, 'webhook-timestamp': '1e9' } }, 'timestamp'],
    ['five minutes and a second late', { now: now + 301_000 }, 'timestamp'],
    ['five minutes and a second early', { now: now - 301_000 }, 'timestamp'],
    ['with a clock that says nothing', { now: Number.NaN }, 'timestamp'],
  ])('%s', async (_what, change, problem) => {
    expect(await problemOf({ ...delivery(), secret, ...change })).toBe(problem)
  })

  it('that is five minutes old is, as the tolerance says', async () => {
    expect(await problemOf({ ...delivery(), secret, now: now + 300_000 })).toBe('none')
    expect(await problemOf({ ...delivery(), secret, now: now + 11_000, toleranceSeconds: 10 })).toBe('timestamp')
  })

  it('that is no JSON, though it is signed', async () => {
    expect(await problemOf({ ...delivery({ text: 'hello' }), secret })).toBe('body')
  })

  it('by a secret that is none, and the error does not repeat it', async () => {
    for (const wrong of ['whsec_', 'whsec_not base64', 'whsec_a'])
      expect(await problemOf({ ...delivery(), secret: wrong })).toBe('Error: the webhook secret is not whsec_ and base64')
  })
})
