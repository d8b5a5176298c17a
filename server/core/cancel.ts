import type { MerchantId, OrderId, OutTradeNo } from '../../shared/kernel/ids.ts'
import { isLiveAttempt } from '../../shared/kernel/states.ts'
import { type Close, notClosed } from './close.ts'
import { AppError } from './error.ts'
import { loadView, type OrderView } from './load.ts'
import type { Parts } from './parts.ts'

export type Cancels = ReturnType<typeof makeCancels>

export function makeCancels({ db, close }: Pick<Parts, 'db'> & { readonly close: Close }) {
  return { cancel, closeAttempt }

  /**
   * Ends an order that nobody paid. Cancelling twice is answered as once.
   *
   * @throws AppError ORDERPAID when it was paid; CONFLICT while the payer is paying; CHANNEL_ERROR or CHANNEL_TIMEOUT when the channel
   * gives no answer: the order then stays pending and can be cancelled again.
   */
  async function cancel(merchantId: MerchantId, orderId: OrderId): Promise<OrderView> {
    const closing = await close.order(merchantId, orderId, 'cancelled')
    switch (closing.is) {
      case 'closed':
        return closing.view
      case 'paid':
        throw new AppError('ORDERPAID', `order ${orderId} is paid; refund it instead`)
      case 'held':
        throw new AppError('CONFLICT', `money that does not match order ${orderId} waits for staff; it is not closed meanwhile`)
      case 'open':
        throw notClosed(closing.failure)
    }
  }

  /**
   * Ends one attempt at its channel; the order stays, and can be paid anew. Ending it twice is answered as once.
   *
   * @throws AppError NOT_FOUND; and as {@link cancel}.
   */
  async function closeAttempt(merchantId: MerchantId, orderId: OrderId, outTradeNo: OutTradeNo): Promise<OrderView> {
    const { attempts } = await loadView(db, merchantId, orderId)
    const attempt = attempts.find((one) => one.outTradeNo === outTradeNo)
    if (!attempt) throw new AppError('NOT_FOUND', `order ${orderId} has no attempt ${outTradeNo}`)
    const closing = isLiveAttempt(attempt.status) ? await close.attempt(attempt) : { is: attempt.status === 'succeeded' ? 'paid' : 'gone' }
    if (closing.is === 'paid') throw new AppError('ORDERPAID', `attempt ${outTradeNo} is paid; refund it instead`)
    if (closing.is === 'open') throw notClosed('failure' in closing ? closing.failure : undefined)
    return loadView(db, merchantId, orderId)
  }
}
