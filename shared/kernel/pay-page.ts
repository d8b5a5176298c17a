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
