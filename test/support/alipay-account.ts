import { createPublicKey } from 'node:crypto'
import type { AlipayCredentials, AlipayTrust } from '../../server/channels/alipay/account.ts'
import { makeAlipay } from '../../server/channels/alipay/channel.ts'
import type { ChannelAccount } from '../../server/channels/channel.ts'
import type { PrepareAsk } from '../../server/core/rules/attempt.ts'
import { makeNodeRuntime } from '../../server/lib/node-runtime.ts'
import { NetworkFailure, type OutgoingRequest } from '../../server/lib/runtime.ts'
import { asAppId, asOutTradeNo, defaultAccount } from '../../shared/kernel/ids.ts'
import { asInstant } from '../../shared/kernel/time.ts'
import { type AlipayStandIn, appId, miniprogramAppId } from './alipay-stand-in.ts'
import { anAttempt } from './builders.ts'
import { silentLog } from './silent-log.ts'

export const aNumber = asOutTradeNo('D202601020304050001')
export const aSeller = '2088101106499364'

type Opened = {
  readonly credentials?: Partial<AlipayCredentials>
  readonly kept?: Map<string, string>
  /** Waits no longer than this for an answer, whatever the product would. */
  readonly patienceMs?: number
}

/**
 * Accounts of the product whose other end is the stand-in: a real network, a clock of the test's own, and a keepsake in memory. Another
 * host is never reached; that it was asked for is kept.
 */
export function makeAlipayAccounts(standIn: AlipayStandIn, clock: { at: number }) {
  const real = makeNodeRuntime()
  const elsewhere: string[] = []
  return { open, elsewhere, end: real.end }

  function open({ credentials, kept = new Map(), patienceMs = Number.POSITIVE_INFINITY }: Opened = {}): ChannelAccount {
    const keepsake = {
      load: async (name: string) => kept.get(name),
      save: async (name: string, text: string) => void kept.set(name, text),
    }
    const fetch = async (request: OutgoingRequest) => {
      if (!request.url.startsWith(standIn.origin)) {
        elsewhere.push(request.url)
        throw new NetworkFailure('notSent', 'tests reach no other host')
      }
      return real.fetch({ ...request, timeoutMs: Math.min(request.timeoutMs, patienceMs) })
    }
    const runtime = { ...real, now: () => asInstant(clock.at), fetch }
    return makeAlipay({ ...usual(), ...credentials }, { account: defaultAccount, runtime, log: silentLog, keepsake, clockSeen: () => {} })
  }

  function usual(): AlipayCredentials {
    return {
      app: { appId: asAppId(appId), privateKey: standIn.keys.app },
      miniprogram: { appId: asAppId(miniprogramAppId), privateKey: standIn.keys.miniprogram },
      trust: { mode: 'key', publicKey: createPublicKey(standIn.keys.alipay) },
      pid: aSeller,
      subMerchant: undefined,
      appAuthToken: undefined,
      serviceProvider: undefined,
      wapProductCode: 'QUICK_WAP_WAY',
      gateway: standIn.gateway,
      oauthUrl: `${standIn.origin}/oauth2/publicAppAuthorize.htm`,
    }
  }
}

/** Certificate mode, with the certificate at hand that the stand-in signs under. */
export function byCertificates({ certificates }: AlipayStandIn): AlipayTrust {
  return {
    mode: 'certificate',
    appCertificate: certificates.app,
    alipayCertificate: certificates.alipay,
    rootCertificates: certificates.root,
  }
}

/** An attempt on Alipay, by a QR code unless it says otherwise. */
export function anAlipayAttempt(ask: Partial<PrepareAsk> = {}) {
  const whole = { ...anAttempt().ask, outTradeNo: aNumber, payType: 'NATIVE' as const, appId: asAppId(appId), ...ask }
  return anAttempt({ channel: 'alipay', outTradeNo: aNumber, merchantRef: aSeller, ask: whole })
}
