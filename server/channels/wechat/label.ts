import type { Words } from '../../../shared/kernel/codes.ts'

export const label: Words = { zh: '微信支付', en: 'WeChat Pay' }
