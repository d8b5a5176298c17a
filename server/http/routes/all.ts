import type { Door, Route } from '../route.ts'
import { accountRoutes } from './accounts.ts'
import { cashierRoutes } from './cashier.ts'
import { eventDoors } from './events.ts'
import { linkRoutes } from './links.ts'
import { notificationDoors } from './notifications.ts'
import { numberSeriesRoutes } from './number-series.ts'
import { orderRoutes } from './orders.ts'
import { paymentRoutes } from './payments.ts'
import { productRoutes } from './products.ts'
import { reconciliationRoutes } from './reconciliations.ts'
import { unmatchedRoutes } from './unmatched.ts'
import { webhookRoutes } from './webhooks.ts'

export type RouteParts = Parameters<typeof orderRoutes>[0] &
  Parameters<typeof unmatchedRoutes>[0] &
  Parameters<typeof paymentRoutes>[0] &
  Parameters<typeof webhookRoutes>[0] &
  Parameters<typeof accountRoutes>[0] &
  Parameters<typeof cashierRoutes>[0] &
  Parameters<typeof linkRoutes>[0] &
  Parameters<typeof reconciliationRoutes>[0] &
  Parameters<typeof numberSeriesRoutes>[0]

/** Every route, in the order in which the reference lists them. */
export function allRoutes(parts: RouteParts): Route[] {
  return [
    ...orderRoutes(parts),
    ...unmatchedRoutes(parts),
    ...paymentRoutes(parts),
    ...webhookRoutes(parts),
    ...productRoutes(parts),
    ...reconciliationRoutes(parts),
    ...accountRoutes(parts),
    ...numberSeriesRoutes(parts),
    ...cashierRoutes(parts),
    ...linkRoutes(parts),
  ]
}

/** What stands beside the routes. */
export const doors: readonly Door[] = [...eventDoors, ...notificationDoors]
