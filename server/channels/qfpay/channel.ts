import type { AccountTools, ChannelAccount, ChannelLimits } from '../channel.ts'
import type { QfpayCredentials } from './account.ts'
import { acknowledge } from './acknowledge.ts'
import { appIdFor } from './apps.ts'
import { makeBill } from './bill.ts'
import { makeCall } from './call.ts'
import { makeClose } from './close.ts'
import { payTypesOf } from './codes.ts'
import { makeDiagnose } from './diagnose.ts'
import { label } from './label.ts'
import { makeAddressedTo, makeNotificationReader } from './notification.ts'
import { makeOAuth } from './oauth.ts'
import { merchantRefOf } from './parts.ts'
import { makePrepare } from './prepare.ts'
import { makeQuery } from './query.ts'
import { makeQueryRefund } from './query-refund.ts'
import { makeRefund } from './refund.ts'

const day = 24 * 60 * 60 * 1000

/** Windows and counts differ by wallet and are not written down; WeChat's are the narrowest that are known. */
const limits: ChannelLimits = {
  descriptionMaxBytes: 64,
  outTradeNo: /^[0-9A-Za-z_-]{6,32}$/,
  isAskedOnce: true,
  refundsPerOrder: 50,
  refundWithinMs: 365 * day,
  refundIntervalMs: 1000,
  notFoundIsUnknownMs: 60_000,
}

/** One app code on QFPay. */
export function makeQfpay(credentials: QfpayCredentials, tools: AccountTools): ChannelAccount {
  const parts = { credentials, tools, ...makeCall(credentials, tools) }
  const queryRefund = makeQueryRefund(parts)
  const { close, reverse } = makeClose(parts)
  return {
    channel: 'qfpay',
    account: tools.account,
    label,
    payTypes: payTypesOf(credentials),
    currencies: [credentials.currency],
    limits,
    merchantRef: merchantRefOf(credentials),
    appIdFor: (means) => appIdFor(credentials, means),
    prepare: makePrepare(parts),
    query: makeQuery(parts),
    close,
    reverse,
    refund: makeRefund(parts),
    queryRefund,
    addressedTo: makeAddressedTo(credentials.mchid),
    readNotification: makeNotificationReader(parts, queryRefund),
    acknowledge,
    bill: makeBill(parts),
    oauth: credentials.hasOwnAccount ? undefined : makeOAuth(parts),
    diagnose: makeDiagnose(parts),
    upstream: credentials.gateway,
  }
}
