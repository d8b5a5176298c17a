import { certificateDates } from '../../../core/rules/certificate-dates.ts'
import { type Finding, ok } from '../../../core/rules/finding.ts'
import type { AccountTools, ChannelAccount, DiagnoseAsk } from '../../channel.ts'
import { type ChannelFailure, failureIn, findingOf } from '../../failure.ts'
import type { WechatV3Credentials } from '../account.ts'
import { diagnoseApps } from '../diagnose-apps.ts'
import { makeCall } from './call.ts'
import type { Keys } from './keys.ts'
import { merchantQuery, transactionsPath } from './paths.ts'
import type { Signer } from './signature.ts'

type Parts = {
  readonly credentials: WechatV3Credentials
  readonly tools: AccountTools
  readonly signer: Signer
  readonly keys: Keys
} & Pick<ChannelAccount, 'prepare' | 'close'>

/** Looks at what v3 signs, opens and verifies with: first at itself, then by asking WeChat Pay about a number that nobody has. */
export function makeDiagnose(parts: Parts) {
  const { credentials, keys } = parts
  return async function diagnose(ask: DiagnoseAsk): Promise<Finding[]> {
    const own = [merchantCertificate(credentials, ask)]
    if (!ask.isOnline) return [...own, ...(await diagnoseApps(parts, ask))]
    const heard = await askAboutNobody(parts, ask)
    // Who is not let in would hear the same about everything else.
    if (heard.severity === 'error') return [...own, heard, ...(await diagnoseApps(parts, { ...ask, isOnline: false }))]
    return [...own, heard, await apiV3Key(credentials, keys), ...(await diagnoseApps(parts, ask))]
  }
}

function merchantCertificate({ certificate }: WechatV3Credentials, { now }: DiagnoseAsk): Finding {
  const [id, name] = ['wechat.certificate', 'WECHAT_MCH_CERT']
  const fails = { zh: '所有请求都会被拒绝', en: 'every call is refused' }
  if (certificate) return certificateDates({ id, name, certificate, now, fails })
  return {
    id,
    severity: 'note',
    words: { zh: '没有提供商户证书，看不到它何时过期', en: 'the merchant’s certificate is not at hand, so that nobody sees when it ends' },
    remedy: { zh: '可把 apiclient_cert.pem 的路径填入 WECHAT_MCH_CERT', en: 'Set WECHAT_MCH_CERT to the path of apiclient_cert.pem' },
  }
}

/** One signed question shows whether key, serial number, merchant number and clock are accepted, and which key answers. */
async function askAboutNobody({ credentials, tools, signer, keys }: Parts, ask: DiagnoseAsk): Promise<Finding> {
  const answeredBy: string[] = []
  const watched: Keys = {
    ...keys,
    keyOf: (serial) => {
      answeredBy.push(serial)
      return keys.keyOf(serial)
    },
  }
  const call = makeCall(credentials, tools, { signer, keys: watched })
  const pathAndQuery = `${transactionsPath(credentials)}/out-trade-no/${ask.newNumber()}?${merchantQuery(credentials)}`
  const failure = await failureIn(() => call({ method: 'GET', pathAndQuery }))
  if (failure?.kind === 'untrusted') return unverified(credentials, failure, answeredBy.at(-1))
  if (failure && failure.refusal !== 'notFound') return refused(failure)
  return (
    halfSwitched(credentials, answeredBy.at(-1)) ??
    ok('wechat.signature', '密钥、证书序列号与应答验签正常', 'key, serial number and the answer’s signature are right')
  )
}

/** What WeChat Pay says in words is what tells the causes apart. */
function refused(failure: ChannelFailure): Finding {
  const said = failure.channelMessage ?? ''
  if (/序列号/.test(said))
    return {
      ...findingOf(failure, 'wechat.serial'),
      remedy: {
        zh: 'WECHAT_CERT_SERIAL_NO 不是此私钥对应证书的序列号：请用 openssl x509 -in apiclient_cert.pem -noout -serial 查看后填写',
        en: 'WECHAT_CERT_SERIAL_NO is not the serial number of this key’s certificate: take it from openssl x509 -in apiclient_cert.pem -noout -serial',
      },
    }
  if (/timestamp|5\s*分钟/.test(said))
    return { ...findingOf(failure, 'wechat.signature'), remedy: { zh: '请校准本机时钟（NTP）', en: 'Set this machine’s clock (NTP)' } }
  if (/商户号/.test(said))
    return {
      ...findingOf(failure, 'wechat.merchant'),
      remedy: {
        zh: '请检查 WECHAT_MCH_ID 是否为此证书所属的商户号',
        en: 'Check that WECHAT_MCH_ID is the merchant whose certificate this is',
      },
    }
  if (failure.channelCode?.replaceAll('_', '') === 'SIGNERROR')
    return {
      ...findingOf(failure, 'wechat.private_key'),
      remedy: {
        zh: 'WECHAT_PRIVATE_KEY 与 WECHAT_CERT_SERIAL_NO 的证书不是一对：请换成与该证书同时生成的 apiclient_key.pem',
        en: 'WECHAT_PRIVATE_KEY does not belong to the certificate of WECHAT_CERT_SERIAL_NO: use the apiclient_key.pem that was made with it',
      },
    }
  return findingOf(failure, 'wechat.signature')
}

/** The answer came, and we lack the key to believe it. */
function unverified({ publicKey }: WechatV3Credentials, failure: ChannelFailure, serial: string | undefined): Finding {
  const id = 'wechat.public_key'
  const words = {
    zh: `微信支付的应答由 ${serial ?? '未知'} 签名，无法验证`,
    en: `WeChat Pay’s answer is signed by ${serial ?? 'nobody'} and could not be verified: ${failure.message}`,
  }
  if (publicKey && serial === publicKey.id)
    return {
      id,
      severity: 'error',
      words,
      remedy: {
        zh: 'WECHAT_PUBLIC_KEY 不是 WECHAT_PUBLIC_KEY_ID 的公钥：请在商户平台重新下载 pub_key.pem',
        en: 'WECHAT_PUBLIC_KEY is not the key of WECHAT_PUBLIC_KEY_ID: download pub_key.pem again from the merchant platform',
      },
    }
  return {
    id,
    severity: 'error',
    words,
    remedy: {
      zh: '请把商户平台「API 安全」中的微信支付公钥及其 ID 填入 WECHAT_PUBLIC_KEY 与 WECHAT_PUBLIC_KEY_ID',
      en: 'Set WECHAT_PUBLIC_KEY and WECHAT_PUBLIC_KEY_ID to the WeChat Pay public key and its id, under API security in the merchant platform',
    },
  }
}

/** The public key was named, and a certificate answered. */
function halfSwitched({ publicKey }: WechatV3Credentials, serial: string | undefined): Finding | undefined {
  if (!publicKey || serial === undefined || serial === publicKey.id) return undefined
  return {
    id: 'wechat.public_key',
    severity: 'warning',
    words: {
      zh: `请求指定了公钥 ${publicKey.id}，微信支付却用证书 ${serial} 应答：切换只完成了一半，或公钥 ID 不属于此商户`,
      en: `public key ${publicKey.id} was asked for and certificate ${serial} answered: the switch is half done, or the id is not this merchant’s`,
    },
    remedy: {
      zh: '请在商户平台核对 WECHAT_PUBLIC_KEY_ID，并在「API 安全」中启动切换；切换期间两种签名都会被接受',
      en: 'Compare WECHAT_PUBLIC_KEY_ID in the merchant platform and start the switch under API security there; both are accepted meanwhile',
    },
  }
}

/** The platform certificates are sealed with it: fetching them is the only way to try the key before a notification comes. */
async function apiV3Key({ publicKey }: WechatV3Credentials, keys: Keys): Promise<Finding> {
  const id = 'wechat.apiv3_key'
  const failure = await failureIn(keys.fetchAnew)
  if (!failure) return ok(id, 'WECHAT_API_V3_KEY 能解开平台证书', 'WECHAT_API_V3_KEY opens the platform certificates')
  if (failure.kind === 'refused' || failure.kind === 'untrusted') return findingOf(failure, id)
  if (!publicKey) return findingOf(failure, id, 'warning')
  return {
    id,
    severity: 'note',
    words: {
      zh: '此商户没有平台证书，无法提前检验 WECHAT_API_V3_KEY',
      en: 'this merchant has no platform certificates, so WECHAT_API_V3_KEY could not be tried',
    },
    remedy: { zh: '支付一分钱并等待通知即可检验', en: 'Pay one fen and wait for its notification' },
  }
}
