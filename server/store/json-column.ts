/** Text that we wrote ourselves as JSON; a row that cannot be read is a fault of ours and stops the work. */
export function readJson<T>(text: string, check: (value: unknown) => value is T, column: string): T {
  const value: unknown = JSON.parse(text)
  if (!check(value)) throw new TypeError(`column ${column} holds something else than it should`)
  return value
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isTextRecord(value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.values(value).every((member) => typeof member === 'string')
}

/** Absent members are null in a row and undefined in our objects. */
export function orUndefined<T>(value: T | null): T | undefined {
  return value ?? undefined
}
export function orNull<T>(value: T | undefined): T | null {
  return value ?? null
}
