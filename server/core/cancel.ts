import type { MerchantId, OrderId } from '../../shared/kernel/ids.ts'
import { type Close, notClosed } from './close.ts'
import { AppError } from './error.ts'
import type { OrderView } from './load.ts'

export type Cancels = ReturnType<typeof makeCancels>

export function makeCancels({ close }: { readonly close: Close }) {
  return { cancel }

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
}
