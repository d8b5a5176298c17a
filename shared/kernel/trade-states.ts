/** What a channel says of a payment, in WeChat's words, whatever the channel. */
export const tradeStates = ['SUCCESS', 'REFUND', 'NOTPAY', 'CLOSED', 'REVOKED', 'USERPAYING', 'PAYERROR'] as const
export type TradeState = (typeof tradeStates)[number]
