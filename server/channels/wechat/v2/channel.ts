import { asInstant } from '../../../../shared/kernel/time.ts'
import { readCertificate } from '../../../lib/rsa.ts'
import type { AccountTools, CertificateEnd, ChannelAccount } from '../../channel.ts'
import { appIdFor, canShowCertificate, merchantRefOf, type WechatV2Credentials } from '../account.ts'
import { label } from '../label.ts'
import { limits } from '../limits.ts'
import { makeLogin } from '../login.ts'
import { makeOAuth } from '../oauth.ts'
import { acknowledge } from './acknowledge.ts'
import { makeBill } from './bill.ts'
import { makeV2Call } from './call.ts'
import { makeClose } from './close.ts'
import { makeCodePay } from './code-pay.ts'
import { makeDiagnose } from './diagnose.ts'
import { makeAddressedTo, makeNotificationReader } from './notification.ts'
import { makePrepare, payTypes } from './prepare.ts'
import { makeQuery } from './query.ts'
import { makeQueryRefund } from './query-refund.ts'
import { makeRefund } from './refund.ts'

/** WeChat Pay API v2, for a merchant of his own or a service provider. */
export function makeWechatV2(credentials: WechatV2Credentials, tools: AccountTools): ChannelAccount {
  const parts = { credentials, tools, ...makeV2Call(credentials, tools) }
  const queryRefund = makeQueryRefund(parts)
  const login = makeLogin(credentials, tools)
  const prepare = makePrepare(parts)
  const close = makeClose(parts)
  // A payment by code whose outcome nobody knows has to be undone: who cannot do that does not take any.
  const codePay = canShowCertificate(credentials) ? makeCodePay(parts) : undefined
  const shown = shownCertificate(credentials)
  if (!codePay)
    tools.log.warn({ event: 'wechat.no_codes', account: tools.account, reason: 'WECHAT_MCH_CERT and WECHAT_MCH_KEY are not set' })
  return {
    channel: 'wechat',
    account: tools.account,
    label,
    payTypes: codePay ? [...payTypes, 'MICROPAY'] : payTypes,
    currencies: ['CNY'],
    limits,
    merchantRef: merchantRefOf(credentials),
    appIdFor: (means) => appIdFor(credentials, means),
    prepare: (ask) => (codePay && ask.payType === 'MICROPAY' ? codePay.prepare(ask) : prepare(ask)),
    query: makeQuery(parts),
    close,
    ...(codePay ? { reverse: codePay.reverse } : {}),
    refund: makeRefund(parts),
    queryRefund,
    addressedTo: makeAddressedTo(credentials),
    readNotification: makeNotificationReader(parts, queryRefund),
    acknowledge,
    login,
    oauth: makeOAuth(credentials, login),
    bill: makeBill(parts),
    hasFundFlow: credentials.sub === undefined && canShowCertificate(credentials),
    diagnose: makeDiagnose({ ...parts, prepare, close }),
    upstream: credentials.gateway,
    certificates: () => shown,
  }
}

/** What refunds and reversals show of themselves. */
function shownCertificate({ clientCertificate }: WechatV2Credentials): CertificateEnd[] {
  if (clientCertificate === undefined) return []
  return [{ certificate: 'mutual_tls', endsAt: asInstant(readCertificate(clientCertificate.certificate).notAfter) }]
}
