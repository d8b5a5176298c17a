/** What a merchant's key may do: look, take money (and keep products and endpoints), give money back. */
export const scopes = ['read', 'pay', 'refund'] as const
export type Scope = (typeof scopes)[number]
