import { type Language, languageOf } from '../generated/shared'

/** The one file that touches `wx` for what has an outcome: callbacks become promises here. */
export type HttpAnswer = { readonly status: number; readonly body: unknown }

export function request(ask: { url: string; method: 'GET' | 'POST'; header: Record<string, string>; body?: unknown }): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    wx.request({
      url: ask.url,
      method: ask.method,
      header: ask.header,
      ...(ask.body === undefined ? {} : { data: ask.body as Record<string, unknown> }),
      timeout: 15_000,
      success: ({ statusCode, data }) => resolve({ status: statusCode, body: data }),
      fail: ({ errMsg }) => reject(new Error(errMsg)),
    })
  })
}

export function loginCode(): Promise<string> {
  return new Promise((resolve, reject) => {
    wx.login({ success: ({ code }) => resolve(code), fail: ({ errMsg }) => reject(new Error(errMsg)) })
  })
}

/** What the payment dialog said. It is no proof of anything: only a reason to ask the server. */
export function requestPayment(params: WechatMiniprogram.RequestPaymentOption): Promise<string> {
  return new Promise((resolve) => {
    wx.requestPayment({ ...params, success: ({ errMsg }) => resolve(errMsg), fail: ({ errMsg }) => resolve(errMsg) })
  })
}

export function load(name: string): unknown {
  return wx.getStorageSync(name)
}

export function save(name: string, value: unknown): void {
  wx.setStorageSync(name, value)
}

export function forget(name: string): void {
  wx.removeStorageSync(name)
}

export function language(): Language {
  return languageOf(wx.getAppBaseInfo().language)
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
