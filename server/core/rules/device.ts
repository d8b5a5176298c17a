import type { Device } from '../../../shared/kernel/pay-page.ts'

/**
 * What a browser says it is. A page that a mini-program shows can open neither its wallet nor a page outside, so it is told apart from
 * WeChat's own browser.
 */
export function deviceOf(userAgent: string): Device {
  if (/MicroMessenger/i.test(userAgent)) return /miniProgram/i.test(userAgent) ? 'miniprogram' : 'wechat'
  if (/AlipayClient/i.test(userAgent)) return 'alipay'
  return /Mobi|Android|iPhone|iPad|iPod|HarmonyOS|OpenHarmony/i.test(userAgent) ? 'phone' : 'desktop'
}
