import { type AccountId, defaultMerchant, readName, readOrderId } from '../../shared/kernel/ids.ts'
import { type ChannelName, channelNames } from '../../shared/kernel/pay.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { Secret } from '../lib/secret.ts'
import type { OrderLink } from './order-links.ts'
import { makeSignedTokens } from './signed-token.ts'

/** As long as a payer may take at the channel's page. */
const lifeMs = 10 * 60 * 1000
const stateBytes = 16
const version = 1

/** A login under way: which order it is for, and at which account the code will be exchanged. */
export type OAuthFlow = { readonly link: OrderLink; readonly channel: ChannelName; readonly account: AccountId; readonly state: string }

export type OAuthFlows = ReturnType<typeof makeOAuthFlows>

/**
 * Logins by way of a channel's page. The state goes there and comes back; the token stays in the browser that began, and names the state:
 * one without the other is worth nothing, so that nobody can finish a login in another's browser.
 */
export function makeOAuthFlows({ secret, runtime }: { secret: Secret; runtime: Pick<Runtime, 'now' | 'randomBytes'> }) {
  const tokens = makeSignedTokens(secret, 'oauth flow')
  return { begin, read }

  function begin({ link, channel, account }: Omit<OAuthFlow, 'state'>): { state: string; token: string; expiresInSeconds: number } {
    const state = Buffer.from(runtime.randomBytes(stateBytes)).toString('hex')
    const { orderId, via } = link
    const token = tokens.write({
      v: version,
      s: state,
      o: orderId,
      vc: via?.channel,
      va: via?.account,
      c: channel,
      a: account,
      exp: runtime.now() + lifeMs,
    })
    return { state, token, expiresInSeconds: lifeMs / 1000 }
  }

  /** The login that a token belongs to; undefined when the state is another's, or its time is over. */
  function read(token: string, state: string): OAuthFlow | undefined {
    const value = tokens.read(token)
    if (!value || value.v !== version || value.s !== state || typeof value.exp !== 'number' || value.exp <= runtime.now()) return undefined
    const [orderId, at, via] = [readOrderId(String(value.o)), readAccount(value.c, value.a), readAccount(value.vc, value.va)]
    return orderId && at && { link: { merchantId: defaultMerchant, orderId, via }, ...at, state }
  }
}

function readAccount(channel: unknown, account: unknown): { channel: ChannelName; account: AccountId } | undefined {
  const known = channelNames.find((name) => name === channel)
  const name = typeof account === 'string' ? readName('AccountId', account) : undefined
  return known && name && { channel: known, account: name }
}
