/** QFPay writes figures as numbers or as texts as it likes: both are read, as text. */
export type Plain = { readonly [name: string]: unknown }

export function asPlain(value: unknown): Plain | undefined {
  return isPlain(value) ? value : undefined
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A member as text; an empty one is not there. */
export function text(object: Plain | undefined, name: string): string | undefined {
  const value = object?.[name]
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** An amount of the currency's minor unit; undefined when it is no whole number. */
export function minor(object: Plain | undefined, name: string): number | undefined {
  const value = text(object, name)
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined
}
