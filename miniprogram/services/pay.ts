import { ApiError, type OrderAnswer, type PayAction, type PayerClient } from '../generated/shared'

export type PayParts = {
  readonly api: Pick<PayerClient, 'pay' | 'order'>
  readonly requestPayment: (params: {
    timeStamp: string
    nonceStr: string
    package: string
    signType: 'RSA' | 'MD5' | 'HMAC-SHA256'
    paySign: string
  }) => Promise<string>
  readonly pause: (ms: number) => Promise<void>
}

/** What the payer is shown next. `confirming` is all that a "success" of the dialog is worth. */
export type PayOutcome =
  | { readonly is: 'confirming' | 'cancelled' | 'paid' | 'closed' }
  | { readonly is: 'failed'; readonly message: string }

const cancelled = 'requestPayment:fail cancel'
const oldCancelled = 'requestPayment:cancel'

/** Asks the server for a payment and hands it to WeChat. Whatever comes of it, only the server says whether the order is paid. */
export async function payOrder({ api, requestPayment }: PayParts, orderId: string): Promise<PayOutcome> {
  try {
    const { action } = await api.pay(orderId, 'MINIPROGRAM')
    return await act(action, requestPayment)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    if (error.code === 'ORDERPAID') return { is: 'paid' }
    if (error.code === 'ORDERCLOSED') return { is: 'closed' }
    return { is: 'failed', message: error.message }
  }
}

async function act(action: PayAction, requestPayment: PayParts['requestPayment']): Promise<PayOutcome> {
  if (action.type !== 'wx.requestPayment') return { is: 'failed', message: '' }
  const { timeStamp, nonceStr, package: prepay, signType, paySign } = action.params
  const said = await requestPayment({ timeStamp, nonceStr, package: prepay, signType, paySign })
  return said === cancelled || said === oldCancelled ? { is: 'cancelled' } : { is: 'confirming' }
}

/** When the server is asked again: at once, then less and less often, for about a minute and a half. */
export const followDelaysMs = [0, 1000, 2000, 3000, 5000, 8000, 10_000, 15_000, 20_000, 30_000]

/** Asks until the order is decided, the ladder is used up, or nobody looks any more; the last answer. */
export async function followOrder(
  { api, pause }: Pick<PayParts, 'api' | 'pause'>,
  orderId: string,
  isWatched: () => boolean,
): Promise<OrderAnswer | undefined> {
  let order: OrderAnswer | undefined
  for (const delay of followDelaysMs) {
    await pause(delay)
    if (!isWatched()) return order
    order = await api.order(orderId).catch((error: unknown) => {
      if (error instanceof ApiError && error.code === 'NETWORK') return order
      throw error
    })
    if (order && order.status !== 'pending') return order
  }
  return order
}
