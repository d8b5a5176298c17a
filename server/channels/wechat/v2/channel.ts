import type { AccountTools, ChannelAccount } from '../../channel.ts'
import { appIdFor, merchantRefOf, type WechatV2Credentials } from '../account.ts'
import { label } from '../label.ts'
import { limits } from '../limits.ts'
import { makeLogin } from '../login.ts'
import { makeOAuth } from '../oauth.ts'
import { acknowledge } from './acknowledge.ts'
import { makeBill } from './bill.ts'
import { makeV2Call } from './call.ts'
import { makeClose, makeReverse } from './close.ts'
import { makeAddressedTo, makeNotificationReader } from './notification.ts'
import { makePrepare, payTypes } from './prepare.ts'
import { makeQuery } from './query.ts'
import { makeQueryRefund, makeRefund } from './refund.ts'

/** WeChat Pay API v2, for a merchant of his own or a service provider. */
export function makeWechatV2(credentials: WechatV2Credentials, tools: AccountTools): ChannelAccount {
  const parts = { credentials, tools, ...makeV2Call(credentials, tools) }
  const queryRefund = makeQueryRefund(parts)
  const login = makeLogin(credentials, tools)
  return {
    channel: 'wechat',
    account: tools.account,
    label,
    payTypes,
    currencies: ['CNY'],
    limits,
    merchantRef: merchantRefOf(credentials),
    appIdFor: (means) => appIdFor(credentials, means),
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
    oauth: makeOAuth(credentials, login),
    bill: makeBill(parts),
  }
}
