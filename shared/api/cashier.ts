import { z } from 'zod'
import { apps } from '../kernel/pay.ts'
import { line, payType, productId } from './inputs.ts'
import { payAction } from './order.ts'

const maxQuantity = 999
const maxItems = 50

/** POST /cashier/session */
export const login = z.strictObject({ code: line(256), app: z.enum(apps) })
export const session = z.object({ token: z.string(), expiresIn: z.int().meta({ description: 'Seconds' }) }).meta({ id: 'Session' })

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
