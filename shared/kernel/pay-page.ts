/** What a payer's browser is, as far as it decides how he can pay there. */
export const devices = ['wechat', 'miniprogram', 'alipay', 'phone', 'desktop'] as const
export type Device = (typeof devices)[number]

/**
 * How a payer pays on a device: `bridge` opens the wallet from the page he is on, `leave` goes to a page of the channel's and comes back,
 * `scan` shows a code for his phone.
 */
export const wayKinds = ['bridge', 'leave', 'scan'] as const
export type WayKind = (typeof wayKinds)[number]

/** The languages of the payer's pages. */
export const pageLanguages = ['zh-CN', 'zh-HK', 'en'] as const
export type PageLanguage = (typeof pageLanguages)[number]

/** Of the languages a browser asks for, the first that the pages speak: traditional characters for Hong Kong, Macao and Taiwan. */
export function pageLanguageOf(acceptLanguage: string | undefined): PageLanguage {
  const asked = (acceptLanguage ?? '').toLowerCase().split(',')
  const tags = asked.map((part) => part.split(';')[0]?.trim() ?? '')
  return tags.map(spoken).find((language) => language !== undefined) ?? 'zh-CN'
}

function spoken(tag: string): PageLanguage | undefined {
  if (/^zh\b.*-(hant|hk|mo|tw)\b/.test(tag)) return 'zh-HK'
  if (/^zh\b/.test(tag)) return 'zh-CN'
  return /^en\b/.test(tag) ? 'en' : undefined
}

/** What stood in the way of a payment, as the page puts it into words. */
export const troubles = ['login', 'network', 'channel', 'busy', 'rate', 'way', 'script', 'session', 'other'] as const
export type Trouble = (typeof troubles)[number]

/** A refusal in the few words a payer can do something with. */
export function troubleOf(code: string | undefined): Trouble {
  switch (code) {
    case 'UNAUTHORIZED':
      return 'login'
    case 'RATE_LIMITED':
      return 'rate'
    case 'CONFLICT':
      return 'busy'
    case 'PARAM_ERROR':
      return 'way'
    case 'NOAUTH':
    case 'NOT_FOUND':
      return 'session'
    case 'CHANNEL_ERROR':
    case 'CHANNEL_TIMEOUT':
    case 'SIGN_ERROR':
    case 'UNAVAILABLE':
      return 'channel'
    default:
      return 'other'
  }
}
