import type { z } from 'zod'
import type { payAction } from '../../shared/api/order.ts'
import type { PayAction } from '../../shared/kernel/pay.ts'

/** What a client does to let the payer pay; a page of the channel's own is told beside it, not in it. */
export function presentAction(action: PayAction): z.input<typeof payAction> {
  return action.type === 'wx.requestPayment' ? { type: action.type, params: action.params } : action
}
