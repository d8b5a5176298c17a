import type { Words } from './codes.ts'
import type { OrderStatus, RefundStatus } from './states.ts'

export const languages = ['zh', 'en'] as const
export type Language = (typeof languages)[number]

export const orderStatusWords: Record<OrderStatus, Words> = {
  pending: { zh: '待支付', en: 'To pay' },
  succeeded: { zh: '已支付', en: 'Paid' },
  failed: { zh: '支付失败', en: 'Failed' },
  closed: { zh: '已关闭', en: 'Closed' },
}

export const refundStatusWords: Record<RefundStatus, Words> = {
  pending: { zh: '退款已提交', en: 'Refund requested' },
  processing: { zh: '退款处理中', en: 'Refund under way' },
  succeeded: { zh: '已退款', en: 'Refunded' },
  abnormal: { zh: '退款异常', en: 'Refund needs attention' },
  failed: { zh: '退款失败', en: 'Refund failed' },
  closed: { zh: '退款关闭', en: 'Refund closed' },
}

/** The first language of an `Accept-Language` header that we speak; Chinese when it names none. */
export function languageOf(acceptLanguage: string | undefined): Language {
  const first = (acceptLanguage ?? '')
    .toLowerCase()
    .split(',')
    .map((part) => part.trim().slice(0, 2))
    .find((tag) => tag === 'zh' || tag === 'en')
  return first === 'en' ? 'en' : 'zh'
}
