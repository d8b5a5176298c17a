import type { TradeAsk } from '../channel.ts'
import { ChannelError, type ChannelFailure } from '../failure.ts'
import type { EndRule } from './account.ts'
import { otherQuestion, wordsOf } from './call.ts'
import { payCodeOf } from './codes.ts'
import type { QfpayParts } from './parts.ts'
import { rejectionOfMoney, respClass } from './rejections.ts'
import type { Members } from './signature.ts'
import { writeTime } from './times.ts'
import { type Plain, readPlain, text } from './wire.ts'

const paths: Record<EndRule, string> = { close: '/trade/v1/close', reversal: '/trade/v1/reversal' }
/** WeChat's pay types that a payer does not show a code for: they close, all others are reversed (fact sheet §9.3). */
const closedTypes = ['800201', '800207', '800212', '800213', '800210', '801010']

/**
 * Ends an order that was not paid, by the rule of its pay type, always with POST (fact sheet §9.3). Neither call proves that the payer
 * was not charged: whoever closes asks again.
 */
export function makeClose({ credentials, post }: QfpayParts) {
  return { close, reverse }

  async function close(asked: TradeAsk): Promise<void> {
    await end(ruleOf(asked), asked)
  }

  /** A code that was shown, by its rule; where that is refused, by the other: the documents do not agree which one a wallet has. */
  async function reverse(asked: TradeAsk): Promise<void> {
    const rule = ruleOf(asked)
    try {
      await end(rule, asked)
    } catch (error) {
      if (!(error instanceof ChannelError) || error.failure.refusal !== 'invalid') throw error
      await end(rule === 'reversal' ? 'close' : 'reversal', asked)
    }
  }

  async function end(rule: EndRule, asked: TradeAsk): Promise<void> {
    const syssn = syssnIn(asked.channelState)
    const answer = await post(paths[rule], members(asked, syssn))
    const respcd = text(answer, 'respcd') ?? ''
    if (respcd !== '0000' && respClass(respcd) !== 'closed') throw new ChannelError(refusalOf(respcd, answer))
    const original = text(answer, 'orig_syssn')
    if (syssn !== undefined && original !== undefined && original !== syssn) throw otherQuestion('the end of another order')
  }

  function members({ outTradeNo, ask }: TradeAsk, syssn: string | undefined): Members {
    return {
      ...(syssn === undefined ? { out_trade_no: outTradeNo } : { syssn }),
      txamt: String(ask.amount.minor),
      txdtm: writeTime(ask.startedAt, credentials.zoneMinutes),
    }
  }

  function ruleOf({ ask }: TradeAsk): EndRule {
    const code = payCodeOf(credentials, ask) ?? ''
    return credentials.endRules[code] ?? (closedTypes.includes(code) ? 'close' : 'reversal')
  }
}

/** A wallet that knows no cancelling says 1297, or a code that nobody knows without a word (Japan's documents). */
function refusalOf(respcd: string, answer: Plain): ChannelFailure {
  const words = wordsOf(answer)
  const failure = rejectionOfMoney(respcd, words)
  const isUnsupported = respcd === '1297' || (respClass(respcd) === 'unknown' && words === '')
  if (!isUnsupported) return failure
  return {
    ...failure,
    kind: 'refused',
    refusal: 'invalid',
    hint: {
      zh: '该钱包不支持撤销；订单到期后自动失效，期间若到账会照常处理',
      en: 'This wallet cannot cancel; the order ends when it expires, and money that comes before that is dealt with',
    },
  }
}

/** QFPay's number of an order, as `prepare` kept it. */
function syssnIn(channelState: string | undefined): string | undefined {
  const read = channelState === undefined ? undefined : readPlain(channelState)
  return read && 'plain' in read ? text(read.plain, 'syssn') : undefined
}
