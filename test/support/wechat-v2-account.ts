import type { ChannelAccount, RawNotice } from '../../server/channels/channel.ts'
import type { WechatV2Credentials } from '../../server/channels/wechat/account.ts'
import { makeWechatV2 } from '../../server/channels/wechat/v2/channel.ts'
import type { LogRecord } from '../../server/lib/log.ts'
import { makeNodeRuntime } from '../../server/lib/node-runtime.ts'
import type { OutgoingRequest } from '../../server/lib/runtime.ts'
import { Secret } from '../../server/lib/secret.ts'
import { asAppId, defaultAccount } from '../../shared/kernel/ids.ts'
import { asInstant } from '../../shared/kernel/time.ts'
import { aDay } from './builders.ts'
import { silentLog } from './silent-log.ts'
import { type V2Members, v2Key, xmlOf } from './wechat-v2-stand-in.ts'

export const officialApp = asAppId('wx00000000000000b2')
export const miniprogramApp = asAppId('wx00000000000000a1')
export const subMchid = '1900000109'

/** Accounts of version 2 whose other end is at `origin`: a real network, the day of the builders. */
export function makeWechatV2Accounts(origin: string) {
  const real = makeNodeRuntime()
  const asked: OutgoingRequest[] = []
  const told: LogRecord[] = []
  return { open, asked, told, end: real.end }

  function open(given: Partial<WechatV2Credentials> = {}, { patienceMs = Number.POSITIVE_INFINITY } = {}): ChannelAccount {
    const fetch = (request: OutgoingRequest) => {
      asked.push(request)
      return real.fetch({ ...request, timeoutMs: Math.min(request.timeoutMs, patienceMs) })
    }
    const tools = {
      account: defaultAccount,
      runtime: { ...real, now: () => asInstant(aDay), fetch },
      log: { ...silentLog, warn: (record: LogRecord) => void told.push(record) },
      clockSeen: () => {},
      keepsake: { load: async () => undefined, save: async () => {} },
    }
    return makeWechatV2({ ...usual(origin), ...given }, tools)
  }
}

function usual(origin: string): WechatV2Credentials {
  return {
    mchid: '1900000001',
    sub: undefined,
    officialAppId: officialApp,
    officialAppSecret: new Secret('app-secret-that-nobody-may-see'),
    miniprogramAppId: miniprogramApp,
    miniprogramAppSecret: new Secret('app-secret-that-nobody-may-see'),
    apiKey: new Secret(v2Key),
    signType: 'HMAC-SHA256',
    clientCertificate: undefined,
    gateway: origin,
    backupGateway: undefined,
    apiBase: origin,
    openBase: origin,
  }
}

/** A notification as it arrives. */
export function arrived(body: string | Buffer): RawNotice {
  return { headers: { 'content-type': 'text/xml' }, body: Buffer.from(body) }
}

/** A refund's notification: what says who it is for, and the sealed rest. */
export function refundLetter(reqInfo: string, more: V2Members = {}): RawNotice {
  const envelope = { return_code: 'SUCCESS', appid: miniprogramApp, mch_id: '1900000001', nonce_str: 'n', ...more }
  return arrived(xmlOf({ ...envelope, req_info: reqInfo }))
}
