import type { AccountTools, ChannelAccount, ChannelLimits } from '../channel.ts'
import { type AlipayCredentials, merchantRefOf } from './account.ts'
import { makeBill } from './bill.ts'
import { makeCall } from './call.ts'
import { makeClose, makeReverse } from './close.ts'
import { makeDiagnose } from './diagnose.ts'
import { makeKeys } from './keys.ts'
import { label } from './label.ts'
import { makeLogin } from './login.ts'
import { acknowledge, makeAddressedTo, makeNotificationReader } from './notification.ts'
import { makePrepare, payTypes } from './prepare.ts'
import { makeQuery } from './query.ts'
import { makeQueryRefund, makeRefund } from './refund.ts'

const day = 24 * 60 * 60 * 1000

/** Refunds are taken for 3 to 12 months by contract; whoever has the shorter one is refused by Alipay itself (fact sheet §8). */
const limits: ChannelLimits = {
  descriptionMaxBytes: 256,
  outTradeNo: /^[0-9A-Za-z_]{1,64}$/,
  refundsPerOrder: 50,
  refundWithinMs: 365 * day,
  refundIntervalMs: 1000,
  isUnknownUntilOpened: true,
  notFoundIsUnknownMs: 60_000,
}

/** One account on Alipay: an app, perhaps with a mini-program of its own, in key or certificate mode. */
export function makeAlipay(credentials: AlipayCredentials, tools: AccountTools): ChannelAccount {
  const keys = makeKeys(credentials.trust, tools)
  const parts = { credentials, tools, keys, ...makeCall(credentials, tools, keys) }
  const queryRefund = makeQueryRefund(parts)
  const { login, oauth } = makeLogin(parts)
  return {
    channel: 'alipay',
    account: tools.account,
    label,
    payTypes,
    currencies: ['CNY'],
    limits,
    merchantRef: merchantRefOf(credentials),
    appIdFor: (means) =>
      (means === 'MINIPROGRAM' || means === 'alipay' ? (credentials.miniprogram ?? credentials.app) : credentials.app).appId,
    prepare: makePrepare(parts),
    query: makeQuery(parts),
    close: makeClose(parts),
    reverse: makeReverse(parts),
    refund: makeRefund(parts),
    queryRefund,
    addressedTo: makeAddressedTo(credentials),
    readNotification: makeNotificationReader(parts, queryRefund),
    acknowledge,
    login,
    oauth,
    bill: makeBill(parts),
    diagnose: makeDiagnose(parts),
    upstream: credentials.gateway,
    certificates: keys.certificates,
  }
}
