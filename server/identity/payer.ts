import type { AppId, MerchantId, PayerId } from '../../shared/kernel/ids.ts'

/** Who a session stands for: a person in one app, as a merchant's customer. Their openid stays in the store. */
export type Payer = { readonly merchantId: MerchantId; readonly payerId: PayerId; readonly appId: AppId }
