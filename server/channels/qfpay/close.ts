import type { TradeAsk } from '../channel.ts'
import { ChannelError } from '../failure.ts'
import type { EndRule } from './account.ts'
import { wordsOf } from './call.ts'
import type { QfpayParts } from './parts.ts'
import { rejectionOf, respClass } from './rejections.ts'
import type { Members } from './signature.ts'
import { writeTime } from './times.ts'
import { asPlain, text } from './wire.ts'

const paths: Record<EndRule, string> = { close: '/trade/v1/close', reversal: '/trade/v1/reversal' }
/** The wallet knows no cancelling (Japan's documents); the order then ends by itself. */
const unsupported = '1297'

/**
 * Ends an order that was not paid, by the rule of its pay type, always with POST (fact sheet §9.3). Neither call proves that the payer
 * was not charged: whoever closes asks again.
 */
export function makeClose({ credentials, post }: QfpayParts) {
  return { close, reverse }

  async function close(asked: TradeAsk): Promise<void> {
    await end(ruleOf(asked), asked)
  }

  /** A code that was shown: reversed, and closed where the wallet has no reversal. */
  async function reverse(asked: TradeAsk): Promise<void> {
    try {
      await end('reversal', asked)
    } catch (error) {
      const isUnsupported = error instanceof ChannelError && error.failure.channelCode === unsupported
      if (!isUnsupported) throw error
      await end('close', asked)
    }
  }

  async function end(rule: EndRule, asked: TradeAsk): Promise<void> {
    const answer = await post(paths[rule], members(asked))
    const respcd = text(answer, 'respcd') ?? ''
    if (respcd === '0000' || respClass(respcd) === 'closed') return
    throw new ChannelError(rejectionOf(respcd, wordsOf(answer)))
  }

  function members({ outTradeNo, ask, channelState }: TradeAsk): Members {
    const syssn = syssnIn(channelState)
    return {
      ...(syssn === undefined ? { out_trade_no: outTradeNo } : { syssn }),
      txamt: String(ask.amount.minor),
      txdtm: writeTime(ask.startedAt, credentials.zoneMinutes),
    }
  }

  function ruleOf({ ask }: TradeAsk): EndRule {
    const code = credentials.codes[ask.payType] ?? ''
    // WeChat's online types close, Alipay's reverse.
    return credentials.endRules[code] ?? (code.startsWith('8002') ? 'close' : 'reversal')
  }
}

/** QFPay's number of an order, as `prepare` kept it. */
export function syssnIn(channelState: string | undefined): string | undefined {
  if (channelState === undefined) return undefined
  try {
    return text(asPlain(JSON.parse(channelState)), 'syssn')
  } catch {
    return undefined
  }
}
