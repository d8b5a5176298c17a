/** Which of the addresses a request came through are believed: the last so many, or those in these ranges. */
export type TrustedProxies =
  | { readonly kind: 'hops'; readonly hops: number }
  | { readonly kind: 'ranges'; readonly ranges: ReadonlyArray<{ readonly address: string; readonly prefix: number }> }
