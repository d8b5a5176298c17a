declare const brand: unique symbol

/** A type that looks like `Base` but cannot change places with another of the same shape. Made in one place each. */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name }
