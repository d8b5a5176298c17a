import { certificateDates } from '../../../core/rules/certificate-dates.ts'
import { type Finding, ok } from '../../../core/rules/finding.ts'
import { readCertificate } from '../../../lib/rsa.ts'
import type { ChannelAccount, DiagnoseAsk } from '../../channel.ts'
import { failureIn, findingOf } from '../../failure.ts'
import { canShowCertificate, mainApp, type WechatV2Credentials } from '../account.ts'
import { diagnoseApps } from '../diagnose-apps.ts'
import type { V2Parts } from './parts.ts'

/** Looks at what v2 signs with and at the certificate it shows for refunds, then asks about a number that nobody has. */
export function makeDiagnose(parts: V2Parts & Pick<ChannelAccount, 'prepare' | 'close'>) {
  const { credentials, call } = parts
  return async function diagnose(ask: DiagnoseAsk): Promise<Finding[]> {
    const own = [clientCertificate(credentials, ask), ...signType(credentials)]
    if (!ask.isOnline) return [...own, ...(await diagnoseApps(parts, ask))]
    const failure = await failureIn(() => call('/pay/orderquery', mainApp(credentials), { out_trade_no: ask.newNumber() }))
    if (failure && failure.refusal !== 'notFound')
      return [...own, findingOf(failure, 'wechat.v2_key'), ...(await diagnoseApps(parts, { ...ask, isOnline: false }))]
    const heard = ok('wechat.v2_key', 'WECHAT_API_KEY 与签名方式正确', 'WECHAT_API_KEY and the sign type are right')
    return [...own, heard, ...(await diagnoseApps(parts, ask))]
  }
}

function clientCertificate(credentials: WechatV2Credentials, { now }: DiagnoseAsk): Finding {
  const [id, name] = ['wechat.v2_certificate', 'WECHAT_MCH_CERT']
  const { clientCertificate: shown } = credentials
  const fails = { zh: 'v2 退款与撤销会失败', en: 'refunds and reversals of v2 fail' }
  if (shown) return certificateDates({ id, name, certificate: readCertificate(shown.certificate), now, fails })
  if (canShowCertificate(credentials)) return ok(id, '模拟器不要求商户证书', 'an emulator asks for no certificate')
  return {
    id,
    severity: 'warning',
    words: {
      zh: '没有商户证书，v2 不能退款、撤销，也不能收付款码',
      en: 'without the merchant’s certificate v2 can neither refund nor reverse, nor take payment codes',
    },
    remedy: {
      zh: '请把 apiclient_cert.pem 与 apiclient_key.pem 的路径填入 WECHAT_MCH_CERT 与 WECHAT_MCH_KEY',
      en: 'Set WECHAT_MCH_CERT and WECHAT_MCH_KEY to the paths of apiclient_cert.pem and apiclient_key.pem',
    },
  }
}

function signType({ signType: type }: WechatV2Credentials): Finding[] {
  if (type !== 'MD5') return []
  return [
    {
      id: 'wechat.v2_sign_type',
      severity: 'note',
      words: { zh: '使用 MD5 签名', en: 'requests are signed with MD5' },
      remedy: { zh: '建议去掉 WECHAT_SIGN_TYPE，改用 HMAC-SHA256', en: 'Leave WECHAT_SIGN_TYPE out to sign with HMAC-SHA256' },
    },
  ]
}
