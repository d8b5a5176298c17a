import { z } from 'zod'
import { apps } from '../kernel/pay.ts'
import { line, payType, productId } from './inputs.ts'
import { payAction } from './order.ts'

const maxQuantity = 999
const maxItems = 50

/** POST /cashier/session */
export const login = z.strictObject({ code: line(256), app: z.enum(apps) })
export const session = z
  .object({
    token: z.string().meta({ description: 'For `Authorization: Bearer`', example: 'eyJwIjoidXNyXzAxOWI3ZjVlIn0.c2lnbmF0dXJl' }),
    expiresIn: z.int().meta({ description: 'Seconds', example: 7200 }),
  })
  .meta({ id: 'Session', description: 'A payer’s session' })

/** POST /cashier/orders */
export const cart = z.strictObject({
  items: z
    .array(z.strictObject({ productId, quantity: z.int().min(1).max(maxQuantity) }))
    .min(1)
    .max(maxItems),
})

/** POST /cashier/orders/:orderId/pay */
export const cashierPay = z.strictObject({ payType })
export const cashierPaying = z.object({ action: payAction }).meta({ id: 'CashierPaying' })
