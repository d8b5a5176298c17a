import type { EventType } from '../../shared/kernel/events.ts'
import { asOwnId, type EndpointId, type MerchantId } from '../../shared/kernel/ids.ts'
import { later } from '../../shared/kernel/time.ts'
import { newId } from '../lib/ids.ts'
import { isPublicHost } from '../lib/public-address.ts'
import type { Sealer } from '../lib/seal.ts'
import type { Secret } from '../lib/secret.ts'
import { newWebhookSecret } from '../lib/standard-webhook.ts'
import { countEndpoints, deleteEndpoint, findEndpoint, insertEndpoint, listEndpoints, updateEndpoint } from '../store/webhook-endpoints.ts'
import { AppError } from './error.ts'
import type { PageAsk } from './orders.ts'
import { paged } from './page.ts'
import type { Parts, WebhookPolicy } from './parts.ts'
import type { WebhookEndpoint } from './rules/webhook.ts'

/** What endpoints' secrets are sealed for. */
export const secretPurpose = 'webhook secret'
const maxEndpoints = 20
const hourMs = 60 * 60 * 1000
const defaultOverlapHours = 24

export type NewEndpoint = {
  readonly url: string
  readonly types?: readonly EventType[] | undefined
  readonly description?: string | undefined
}
export type EndpointChange = {
  readonly url?: string | undefined
  readonly types?: readonly EventType[] | undefined
  readonly description?: string | undefined
  readonly status?: WebhookEndpoint['status'] | undefined
}
export type WebhookEndpoints = ReturnType<typeof makeWebhookEndpoints>

/** Where a merchant's events go. A secret is given out once, when it is made. */
export function makeWebhookEndpoints({
  db,
  runtime,
  sealer,
  webhook,
}: Pick<Parts, 'db' | 'runtime'> & { readonly sealer: Sealer; readonly webhook: WebhookPolicy }) {
  return { create, get, list, change, remove, rotateSecret }

  /** @throws AppError PARAM_ERROR for an address that is not called; CONFLICT when there are too many. */
  async function create(
    merchantId: MerchantId,
    { url, types, description }: NewEndpoint,
  ): Promise<{ endpoint: WebhookEndpoint; secret: Secret }> {
    assertCallable(url)
    if ((await countEndpoints(db, merchantId)) >= maxEndpoints)
      throw new AppError('CONFLICT', `there are ${maxEndpoints} endpoints already; remove one first`)
    const endpointId = asOwnId('EndpointId', newId(runtime, 'whe'))
    const secret = newWebhookSecret(runtime)
    const endpoint: WebhookEndpoint = {
      merchantId,
      endpointId,
      url,
      types,
      description,
      status: 'enabled',
      sealedSecret: sealer.seal(secretPurpose, endpointId, secret),
      createdAt: runtime.now(),
    }
    await insertEndpoint(db, endpoint)
    return { endpoint, secret }
  }

  /** @throws AppError NOT_FOUND */
  async function get(merchantId: MerchantId, endpointId: EndpointId): Promise<WebhookEndpoint> {
    const endpoint = await findEndpoint(db, merchantId, endpointId)
    if (!endpoint) throw new AppError('NOT_FOUND', `webhook endpoint ${endpointId} does not exist`)
    return endpoint
  }

  /** Oldest first. */
  async function list(merchantId: MerchantId, page: PageAsk): Promise<{ items: WebhookEndpoint[]; nextCursor?: string | undefined }> {
    return paged(listEndpoints(db, merchantId, page))
  }

  /** Changes what is given, leaves the rest; what is given as undefined is taken away. An endpoint that answered 410 is told again once it is enabled. */
  async function change(merchantId: MerchantId, endpointId: EndpointId, given: EndpointChange): Promise<WebhookEndpoint> {
    if (given.url !== undefined) assertCallable(given.url)
    const before = await get(merchantId, endpointId)
    const status = given.status ?? before.status
    const disabledWhy = status === 'enabled' ? undefined : (before.disabledWhy ?? 'by hand')
    return put(before, {
      ...before,
      url: given.url ?? before.url,
      types: 'types' in given ? given.types : before.types,
      description: 'description' in given ? given.description : before.description,
      status,
      disabledWhy,
    })
  }

  /** What is on its way to it is given up at its next try. @throws AppError NOT_FOUND */
  async function remove(merchantId: MerchantId, endpointId: EndpointId): Promise<WebhookEndpoint> {
    const endpoint = await get(merchantId, endpointId)
    await deleteEndpoint(db, merchantId, endpointId)
    return endpoint
  }

  /** A new secret; for so many hours the one before signs as well, so that receivers can change over without losing a message. */
  async function rotateSecret(
    merchantId: MerchantId,
    endpointId: EndpointId,
    overlapHours = defaultOverlapHours,
  ): Promise<{ endpoint: WebhookEndpoint; secret: Secret }> {
    const before = await get(merchantId, endpointId)
    const secret = newWebhookSecret(runtime)
    const former = { sealedSecret: before.sealedSecret, until: later(runtime.now(), overlapHours * hourMs) }
    const endpoint = await put(before, {
      ...before,
      sealedSecret: sealer.seal(secretPurpose, endpointId, secret),
      former: overlapHours === 0 ? undefined : former,
    })
    return { endpoint, secret }
  }

  async function put(before: WebhookEndpoint, endpoint: WebhookEndpoint): Promise<WebhookEndpoint> {
    if (await updateEndpoint(db, before, endpoint)) return endpoint
    throw new AppError('CONFLICT', 'the endpoint was changed by somebody else at this moment; read it and try again', {
      retryAfterSeconds: 1,
    })
  }

  /** Said at once rather than at every try; what the name of the host stands for is looked at again at each. */
  function assertCallable(url: string): void {
    const { protocol, username, password, hostname } = new URL(url)
    if (username !== '' || password !== '') throw refuse('carries a name or a password; leave them out')
    if (webhook.allowPrivate) return
    if (protocol !== 'https:') throw refuse('is not an https address')
    if (!isPublicHost(hostname)) throw refuse('is not a public address; WEBHOOK_ALLOW_PRIVATE=1 allows others, for tests')
  }
}

function refuse(problem: string): AppError {
  return new AppError('PARAM_ERROR', `url ${problem}`, { details: { fields: [{ path: 'url', problem }] } })
}
