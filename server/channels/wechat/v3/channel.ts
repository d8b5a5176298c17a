import type { AccountTools, ChannelAccount, ChannelLimits } from '../../channel.ts'
import type { WechatV3Credentials } from '../account.ts'
import { label } from '../label.ts'
import { acknowledge } from './acknowledge.ts'
import { makeBill } from './bill.ts'
import { makeCall } from './call.ts'
import { makeClose } from './close.ts'
import { makeKeys } from './keys.ts'
import { makeLogin } from './login.ts'
import { makeNotificationReader } from './notification.ts'
import { makePrepare, payTypes } from './prepare.ts'
import { makeQuery } from './query.ts'
import { makeQueryRefund } from './query-refund.ts'
import { makeRefund } from './refund.ts'
import { makeRepairRefund } from './repair-refund.ts'
import { makeSigner } from './signature.ts'

const day = 24 * 60 * 60 * 1000

/** spec: fact sheet §2.2, §8, §10. */
const limits: ChannelLimits = {
  descriptionMaxBytes: 127,
  refundsPerOrder: 50,
  refundWithinMs: 365 * day,
  refundIntervalMs: 60_000,
  notFoundIsUnknownMs: 60_000,
}

/** WeChat Pay API v3 for a direct merchant. */
export function makeWechatV3(credentials: WechatV3Credentials, tools: AccountTools): ChannelAccount {
  const signer = makeSigner(credentials, tools.runtime)
  const keys = makeKeys(credentials, tools, signer)
  const call = makeCall(credentials, tools, { signer, keys })
  const parts = { credentials, tools, call }
  return {
    channel: 'wechat',
    account: tools.account,
    label,
    payTypes,
    currencies: ['CNY'],
    limits,
    merchantRef: credentials.mchid,
    appIdFor: (means) =>
      means === 'MINIPROGRAM' || means === 'miniprogram'
        ? credentials.miniprogramAppId
        : (credentials.officialAppId ?? credentials.miniprogramAppId),
    prepare: makePrepare(parts, signer),
    query: makeQuery(parts),
    close: makeClose(parts),
    refund: makeRefund(parts),
    queryRefund: makeQueryRefund(parts),
    // What it says of its merchant is encrypted.
    addressedTo: () => 'unsaid',
    readNotification: makeNotificationReader(parts, keys),
    acknowledge,
    login: makeLogin(parts),
    bill: makeBill({ ...parts, signer }),
    repairRefund: makeRepairRefund({ ...parts, keys }),
    refreshKeys: keys.refresh,
  }
}
