import type { Words } from '../../../shared/kernel/codes.ts'

export const label: Words = { zh: '支付宝', en: 'Alipay' }
