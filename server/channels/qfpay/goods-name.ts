import type { PrepareAsk } from '../../core/rules/attempt.ts'

const plainName = /^[\p{L}\p{N} ]{1,20}$/u
const maxLetters = 20

/**
 * What is sold, in at most 20 letters and digits. A description that is more than that is left out, but not where QFPay must have one:
 * payments in an app carry what is left of it, or else the order's own number (fact sheet §4).
 */
export function goodsNameOf({
  payType,
  description,
  outTradeNo,
}: Pick<PrepareAsk, 'payType' | 'description' | 'outTradeNo'>): string | undefined {
  if (plainName.test(description)) return description
  return payType === 'APP' ? lettersOf(description) || lettersOf(outTradeNo) : undefined
}

function lettersOf(text: string): string {
  const plain = text.replace(/[^\p{L}\p{N}]+/gu, ' ').trim()
  return [...plain].slice(0, maxLetters).join('').trim()
}
