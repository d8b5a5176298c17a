import { type AccountId, type MerchantId, type OrderId, readName, readOrderId } from '../../shared/kernel/ids.ts'
import { type ChannelName, channelNames } from '../../shared/kernel/pay.ts'
import { equalBytes, hmacKey, hmacSha256 } from '../lib/hmac.ts'
import type { Secret } from '../lib/secret.ts'

/** 144 bits: nobody guesses them, and 24 characters are quick to scan. */
const keyBytes = 18

/** What a link opens: an order, and where the merchant has chosen it, the account at which it is paid. */
export type OrderLink = {
  readonly merchantId: MerchantId
  readonly orderId: OrderId
  readonly via?: { readonly channel: ChannelName; readonly account: AccountId } | undefined
}

export type OrderLinks = ReturnType<typeof makeOrderLinks>

/** The links to an order's page. Whoever has one may see the order and pay it; what it cannot be made from is the order's number alone. */
export function makeOrderLinks({ secret, publicUrl }: { readonly secret: Secret; readonly publicUrl: string }) {
  const signing = hmacKey(hmacSha256(Buffer.from(secret.reveal()), 'order link'))
  return { url, query, read }

  function url(link: OrderLink): string {
    return `${publicUrl}/pay/${encodeURIComponent(link.orderId)}?${query(link)}`
  }

  /** What stands behind the question mark of every address of the link. */
  function query(link: OrderLink): string {
    const via = viaText(link)
    return `k=${keyOf(link)}${via === undefined ? '' : `&via=${via}`}`
  }

  /** The link of an address; undefined when its key is not the order's, in a time that does not tell how far it is off. */
  function read(
    merchantId: MerchantId,
    given: { readonly orderId: string; readonly k: string; readonly via: string },
  ): OrderLink | undefined {
    const orderId = readOrderId(given.orderId)
    if (orderId === undefined) return undefined
    const via = given.via === '' ? undefined : readVia(given.via)
    if (given.via !== '' && via === undefined) return undefined
    const link = { merchantId, orderId, via }
    return equalBytes(Buffer.from(given.k), Buffer.from(keyOf(link))) ? link : undefined
  }

  function keyOf(link: OrderLink): string {
    const message = JSON.stringify([link.merchantId, link.orderId, viaText(link) ?? null])
    return Buffer.from(hmacSha256(signing, message).subarray(0, keyBytes)).toString('base64url')
  }
}

function viaText({ via }: OrderLink): string | undefined {
  return via && `${via.channel}.${via.account}`
}

function readVia(text: string): OrderLink['via'] {
  const dot = text.indexOf('.')
  const channel = channelNames.find((name) => name === text.slice(0, dot))
  const account = readName('AccountId', text.slice(dot + 1))
  return channel && account && dot > 0 ? { channel, account } : undefined
}
