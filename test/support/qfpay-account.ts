import type { QfpayCredentials } from '../../server/channels/qfpay/account.ts'
import { makeQfpay } from '../../server/channels/qfpay/channel.ts'
import { usualCodes } from '../../server/channels/qfpay/codes.ts'
import type { PrepareAsk } from '../../server/core/rules/attempt.ts'
import type { Log } from '../../server/lib/log.ts'
import { makeNodeRuntime } from '../../server/lib/node-runtime.ts'
import type { OutgoingRequest } from '../../server/lib/runtime.ts'
import { Secret } from '../../server/lib/secret.ts'
import { asAppId, asOutTradeNo, asTransactionId, defaultAccount } from '../../shared/kernel/ids.ts'
import { moneyOf } from '../../shared/kernel/money.ts'
import { asInstant } from '../../shared/kernel/time.ts'
import { anAttempt, aRefund } from './builders.ts'
import { appCode, clientKey, type QfpayStandIn } from './qfpay-stand-in.ts'
import { silentLog } from './silent-log.ts'

export const aNumber = asOutTradeNo('D202601020304050001')
export const aSyssn = asTransactionId('20260102000200020000000001')
export const anMchid = 'ZaMVg12345'

/** Credentials of an account on QFPay, as the environment would give them. */
export function aQfpayAccount(given: Partial<QfpayCredentials> = {}): QfpayCredentials {
  return {
    appCode,
    clientKey: new Secret(clientKey),
    mchid: anMchid,
    signType: 'MD5',
    currency: 'HKD',
    gateway: 'http://127.0.0.1:9',
    directUrl: 'http://127.0.0.1:9/q/direct',
    zoneMinutes: 480,
    merchantName: 'Pet Shop',
    officialAppId: undefined,
    hasOwnAccount: false,
    miniprogramAppId: undefined,
    codes: usualCodes,
    endRules: {},
    ...given,
  }
}

type Opened = {
  readonly credentials?: Partial<QfpayCredentials>
  readonly log?: Log
  /** Waits no longer than this for an answer, whatever the product would. */
  readonly patienceMs?: number
}

/** Accounts of the product whose other end is the stand-in: a real network and a clock of the test's own. */
export function makeQfpayAccounts(standIn: QfpayStandIn, clock: { at: number }) {
  const real = makeNodeRuntime()
  return { open, end: real.end }

  function open({ credentials, log = silentLog, patienceMs = Number.POSITIVE_INFINITY }: Opened = {}) {
    const fetch = (request: OutgoingRequest) => real.fetch({ ...request, timeoutMs: Math.min(request.timeoutMs, patienceMs) })
    const runtime = { ...real, now: () => asInstant(clock.at), fetch }
    const keepsake = { load: async () => undefined, save: async () => {} }
    const whole = aQfpayAccount({ gateway: standIn.origin, ...credentials })
    return makeQfpay(whole, { account: defaultAccount, runtime, log, keepsake, clockSeen: () => {} })
  }
}

/** An attempt of 88.88 HKD through QFPay, by a QR code unless it says otherwise. */
export function aQfpayAttempt(ask: Partial<PrepareAsk> = {}, given: Partial<ReturnType<typeof anAttempt>> = {}) {
  const whole: PrepareAsk = {
    ...anAttempt().ask,
    outTradeNo: aNumber,
    payType: 'NATIVE',
    appId: asAppId('qfpay'),
    amount: moneyOf(8888, 'HKD'),
    openId: undefined,
    ...ask,
  }
  return anAttempt({ channel: 'qfpay', outTradeNo: aNumber, merchantRef: anMchid, ask: whole, ...given })
}

/** A refund of 10.00 HKD of that payment, whose number at QFPay is known. */
export function aQfpayRefund(given: Partial<ReturnType<typeof aRefund>> = {}) {
  const money = { amount: moneyOf(1000, 'HKD'), total: moneyOf(8888, 'HKD') }
  return aRefund({ channel: 'qfpay', outTradeNo: aNumber, transactionId: aSyssn, ...money, ...given })
}
