import type { Words } from '../../../shared/kernel/codes.ts'

export const label: Words = { zh: 'QFPay', en: 'QFPay' }
