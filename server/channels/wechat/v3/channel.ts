import { asInstant, type Instant } from '../../../../shared/kernel/time.ts'
import type { AccountTools, CertificateEnd, ChannelAccount } from '../../channel.ts'
import { appIdFor, merchantRefOf, type WechatV3Credentials } from '../account.ts'
import { label } from '../label.ts'
import { limits } from '../limits.ts'
import { makeLogin } from '../login.ts'
import { makeOAuth } from '../oauth.ts'
import { acknowledge } from './acknowledge.ts'
import { makeBill } from './bill.ts'
import { makeCall } from './call.ts'
import { makeClose } from './close.ts'
import { makeCodePay } from './code-pay.ts'
import { makeDiagnose } from './diagnose.ts'
import { makeKeys } from './keys.ts'
import { makeNotificationReader } from './notification.ts'
import { makePrepare, payTypes } from './prepare.ts'
import { makeQuery } from './query.ts'
import { makeQueryRefund } from './query-refund.ts'
import { makeRefund } from './refund.ts'
import { makeRepairRefund } from './repair-refund.ts'
import { makeSigner } from './signature.ts'

/** WeChat Pay API v3 for a direct merchant. */
export function makeWechatV3(credentials: WechatV3Credentials, tools: AccountTools, { withCodePay = false } = {}): ChannelAccount {
  const signer = makeSigner(credentials, tools.runtime)
  const keys = makeKeys(credentials, tools, signer)
  const call = makeCall(credentials, tools, { signer, keys })
  const parts = { credentials, tools, call }
  const prepare = makePrepare(parts, signer)
  const endsAt = credentials.certificate && asInstant(credentials.certificate.notAfter)
  const codePay = withCodePay ? makeCodePay(parts) : undefined
  const login = makeLogin(credentials, tools)
  const close = makeClose(parts)
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
    queryRefund: makeQueryRefund(parts),
    // What it says of its merchant is encrypted.
    addressedTo: () => 'unsaid',
    readNotification: makeNotificationReader(parts, keys),
    acknowledge,
    login,
    oauth: makeOAuth(credentials, login),
    bill: makeBill({ ...parts, signer }),
    hasFundFlow: credentials.sub === undefined,
    repairRefund: makeRepairRefund({ ...parts, keys }),
    refreshKeys: keys.refresh,
    diagnose: makeDiagnose({ credentials, tools, signer, keys, prepare, close }),
    upstream: credentials.gateway,
    certificates: () => [...endOf('merchant', endsAt), ...endOf('platform', keys.endsAt())],
  }
}

function endOf(certificate: CertificateEnd['certificate'], endsAt: Instant | undefined): CertificateEnd[] {
  return endsAt === undefined ? [] : [{ certificate, endsAt }]
}
