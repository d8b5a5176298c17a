import { type Finding, ok } from '../../core/rules/finding.ts'
import type { DiagnoseAsk } from '../channel.ts'
import { failureIn, findingOf } from '../failure.ts'
import type { QfpayParts } from './parts.ts'
import { listed } from './query.ts'

/** As QFPay sends them. */
const keyLength = 32

/** Looks at the key's form, then asks about a number that nobody has: whether app code and key are accepted. */
export function makeDiagnose(parts: QfpayParts) {
  return async function diagnose(ask: DiagnoseAsk): Promise<Finding[]> {
    const own = keyForm(parts.credentials.clientKey.reveal().length)
    if (!ask.isOnline) return own
    const failure = await failureIn(() => listed(parts, { out_trade_no: ask.newNumber() }))
    const heard = ok('qfpay.key', 'QFPAY_APP_CODE 与 QFPAY_CLIENT_KEY 正确', 'QFPAY_APP_CODE and QFPAY_CLIENT_KEY are right')
    return [...own, failure ? findingOf(failure, 'qfpay.key') : heard]
  }
}

function keyForm(length: number): Finding[] {
  if (length === keyLength) return []
  return [
    {
      id: 'qfpay.key_form',
      severity: 'warning',
      words: {
        zh: `QFPAY_CLIENT_KEY 有 ${length} 个字符，通常为 ${keyLength} 个`,
        en: `QFPAY_CLIENT_KEY has ${length} characters; QFPay’s have ${keyLength}`,
      },
      remedy: { zh: '请核对是否完整复制了密钥', en: 'See whether the whole key was copied' },
    },
  ]
}
