import type { ChannelAccount } from '../../server/channels/channel.ts'
import type { WechatV3Credentials } from '../../server/channels/wechat/account.ts'
import { makeWechatV3 } from '../../server/channels/wechat/v3/channel.ts'
import { makeNodeRuntime } from '../../server/lib/node-runtime.ts'
import type { OutgoingRequest } from '../../server/lib/runtime.ts'
import { Secret } from '../../server/lib/secret.ts'
import { asAppId, defaultAccount } from '../../shared/kernel/ids.ts'
import { asInstant } from '../../shared/kernel/time.ts'
import { silentLog } from './silent-log.ts'
import type { WechatStandIn } from './wechat-stand-in.ts'

export const merchantSerial = '1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C'
export const appSecret = 'app-secret-that-nobody-may-see'

/** A clock that a test sets. */
export type SetClock = { at: number }
/** What a test opens an account with, unless it says otherwise. */
export type Opened = {
  readonly credentials?: Partial<WechatV3Credentials>
  readonly kept?: Map<string, string>
  /** Waits no longer than this for an answer, whatever the product would. */
  readonly patienceMs?: number
}

/**
 * Accounts of the product whose other end is the stand-in: a real network, a clock of the test's own, and a keepsake in memory that
 * outlives them.
 */
export function makeWechatAccounts(standIn: WechatStandIn, clock: SetClock) {
  const real = makeNodeRuntime()
  const asked: OutgoingRequest[] = []
  return { open, asked, end: real.end }

  function open({ credentials, kept = new Map(), patienceMs = Number.POSITIVE_INFINITY }: Opened = {}): ChannelAccount {
    const keepsake = {
      load: async (name: string) => kept.get(name),
      save: async (name: string, text: string) => void kept.set(name, text),
    }
    const runtime = { ...real, now: () => asInstant(clock.at), fetch: (request: OutgoingRequest) => fetch(request, patienceMs) }
    return makeWechatV3({ ...usual(), ...credentials }, { account: defaultAccount, runtime, log: silentLog, clockSeen: () => {}, keepsake })
  }

  function fetch(request: OutgoingRequest, patienceMs: number) {
    asked.push(request)
    return real.fetch({ ...request, timeoutMs: Math.min(request.timeoutMs, patienceMs) })
  }

  function usual(): WechatV3Credentials {
    return {
      mchid: '1900000001',
      officialAppId: asAppId('wx00000000000000b2'),
      officialAppSecret: new Secret(appSecret),
      miniprogramAppId: asAppId('wx00000000000000a1'),
      miniprogramAppSecret: new Secret(appSecret),
      privateKey: standIn.merchant.privateKey,
      serialNo: merchantSerial,
      apiV3Key: new Secret(standIn.apiV3Key),
      publicKey: { id: standIn.publicKey.serial, key: standIn.payment.publicKey },
      gateway: standIn.origin,
      backupGateway: undefined,
      apiBase: standIn.origin,
      openBase: standIn.origin,
      sub: undefined,
    }
  }
}
