import type { Words } from '../../../shared/kernel/codes.ts'
import type { Instant } from '../../../shared/kernel/time.ts'
import { certificateDates } from '../../core/rules/certificate-dates.ts'
import { type Finding, ok } from '../../core/rules/finding.ts'
import { alipayRootSerial, alipaySerial, isIssuedBelow } from '../../lib/certificate-serial.ts'
import { readCertificate } from '../../lib/rsa.ts'
import type { DiagnoseAsk } from '../channel.ts'
import { failureIn, findingOf } from '../failure.ts'
import type { AlipayTrust } from './account.ts'
import type { AlipayParts } from './parts.ts'

type Certificates = Extract<AlipayTrust, { mode: 'certificate' }>

/** Looks at the certificates, then asks about a number that nobody has under each app: whether key, app and answer fit. */
export function makeDiagnose({ credentials, call }: AlipayParts) {
  return async function diagnose(ask: DiagnoseAsk): Promise<Finding[]> {
    const { trust, app, miniprogram } = credentials
    const own = trust.mode === 'certificate' ? certificates(trust, ask.now) : []
    if (!ask.isOnline) return own
    const asked = [app, miniprogram]
      .filter((one) => one !== undefined)
      .map(async (one): Promise<Finding> => {
        const failure = await failureIn(() => call({ method: 'alipay.trade.query', app: one, content: { out_trade_no: ask.newNumber() } }))
        const about = one.appId
        if (failure && failure.refusal !== 'notFound') return { ...findingOf(failure, 'alipay.key'), about }
        return { ...ok('alipay.key', '应用、私钥与支付宝公钥匹配', 'app, key and Alipay’s signature fit'), about }
      })
    return [...own, ...(await Promise.all(asked))]
  }
}

function certificates({ appCertificate, alipayCertificate, rootCertificates }: Certificates, now: Instant): Finding[] {
  const fails = { zh: '所有请求都会被拒绝', en: 'every call is refused' }
  const distrusted = { zh: '支付宝的应答无法验证', en: 'Alipay’s answers cannot be verified' }
  const dates = [
    certificateDates({ id: 'alipay.app_certificate', name: 'ALIPAY_APP_CERT', certificate: readCertificate(appCertificate), now, fails }),
    certificateDates({
      id: 'alipay.certificate',
      name: 'ALIPAY_CERT',
      certificate: readCertificate(alipayCertificate),
      now,
      fails: distrusted,
    }),
  ]
  if (alipaySerial(appCertificate) === alipaySerial(alipayCertificate))
    return [...dates, wrong({ zh: 'ALIPAY_CERT 填成了应用证书', en: 'ALIPAY_CERT is the app’s own certificate' })]
  if (alipayRootSerial(rootCertificates) === '')
    return [...dates, wrong({ zh: 'ALIPAY_ROOT_CERT 里没有 RSA 根证书', en: 'ALIPAY_ROOT_CERT holds no root certificate of RSA' })]
  // One that is out of date is told above, and is below no root at the moment.
  const isGood = dates.every((one) => one.severity !== 'error')
  if (isGood && !isIssuedBelow(alipayCertificate, rootCertificates, now))
    return [...dates, wrong({ zh: 'ALIPAY_CERT 不是 ALIPAY_ROOT_CERT 签发的', en: 'ALIPAY_CERT was not issued below ALIPAY_ROOT_CERT' })]
  return dates
}

function wrong(words: Words): Finding {
  return {
    id: 'alipay.root',
    severity: 'error',
    words,
    remedy: {
      zh: '请从开放平台重新下载三个证书：appCertPublicKey、alipayCertPublicKey_RSA2、alipayRootCert',
      en: 'Download the three certificates again from the open platform: appCertPublicKey, alipayCertPublicKey_RSA2, alipayRootCert',
    },
  }
}
