/** Ends a switch over a union: a member nobody handles does not compile. */
export function never(value: never): never {
  throw new TypeError(`not handled: ${JSON.stringify(value)}`)
}
