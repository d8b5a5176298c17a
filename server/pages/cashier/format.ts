import type { PageLanguage } from '../../../shared/kernel/pay-page.ts'

/** The bare ¥ is the yuan's, everywhere: who sees a yen as one pays twenty times what he thinks, or does not pay. */
const signs: Readonly<Record<string, string>> = {
  CNY: '¥',
  JPY: 'JP¥',
  HKD: 'HK$',
  USD: 'US$',
  EUR: '€',
  GBP: '£',
  CAD: 'C$',
  AUD: 'A$',
  NZD: 'NZ$',
  SGD: 'S$',
  MYR: 'RM',
  THB: '฿',
  AED: 'AED ',
}

const longPriceLength = 11

/** An amount as it is written on a price tag; the figures are the server's, letter by letter. */
export function priceOf(amount: string, currency: string): string {
  const [whole = '', fraction] = amount.split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return `${signs[currency] ?? `${currency} `}${grouped}${fraction === undefined ? '' : `.${fraction}`}`
}

/** Whether an amount needs smaller letters to stand in one line of a small phone. */
export function isLongPrice(price: string): boolean {
  return price.length > longPriceLength
}

/** What is left, as minutes and seconds, with hours and days only where there are any. */
export function timeLeftText(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)]
  const two = (figure: number) => String(figure).padStart(2, '0')
  return hours > 0 ? `${hours}:${two(minutes % 60)}:${two(seconds % 60)}` : `${two(minutes)}:${two(seconds % 60)}`
}

/** The server's time as it is written where the shop is: `2026-01-02 03:04`. */
export function momentText(time: string, language: PageLanguage): string {
  const [day = '', clock = ''] = time.split('T')
  const [year = '', month = '', date = ''] = day.split('-')
  const at = clock.slice(0, 5)
  return language === 'en' ? `${year}-${month}-${date} ${at}` : `${year}年${Number(month)}月${Number(date)}日 ${at}`
}
