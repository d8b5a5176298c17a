import { asInstant, chinaDay, type Instant } from '../../../shared/kernel/time.ts'
import { type Finding, ok } from './finding.ts'

const day = 24 * 60 * 60 * 1000
/** A new certificate takes a few days of paperwork. */
const nearEndMs = 30 * day

/**
 * Whether a certificate is good, and for how long.
 *
 * @param name the setting that holds it.
 * @param fails what stops working without it.
 */
export function certificateDates({
  id,
  name,
  certificate: { notBefore, notAfter },
  now,
  fails,
}: {
  readonly id: string
  readonly name: string
  readonly certificate: { readonly notBefore: number; readonly notAfter: number }
  readonly now: Instant
  readonly fails: { readonly zh: string; readonly en: string }
}): Finding {
  const [from, to] = [chinaDay(asInstant(notBefore)), chinaDay(asInstant(notAfter))]
  const remedy = {
    zh: `请重新申请证书，下载后替换 ${name} 及其私钥、序列号`,
    en: `Apply for a new certificate and replace ${name} together with its key and serial number`,
  }
  if (now > notAfter)
    return {
      id,
      severity: 'error',
      remedy,
      words: { zh: `${name} 已于 ${to} 过期，${fails.zh}`, en: `${name} expired on ${to}: ${fails.en}` },
    }
  if (now < notBefore)
    return {
      id,
      severity: 'error',
      words: { zh: `${name} 从 ${from} 起才生效`, en: `${name} is good from ${from} on only` },
      remedy: { zh: '请检查服务器时钟，或暂用旧证书', en: 'Check this machine’s clock, or use the former certificate until then' },
    }
  if (now + nearEndMs > notAfter)
    return {
      id,
      severity: 'warning',
      remedy,
      words: { zh: `${name} 将于 ${to} 过期`, en: `${name} ends on ${to}, in ${Math.ceil((notAfter - now) / day)} days` },
    }
  return ok(id, `${name} 有效期至 ${to}`, `${name} is good until ${to}`)
}
