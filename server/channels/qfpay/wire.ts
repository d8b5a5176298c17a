import { NumberText, type ParsedJson, parseJson } from '../../lib/json.ts'

/** QFPay writes figures as numbers or as texts as it likes: both are read, as text. */
export type Plain = { readonly [name: string]: unknown }

/** Reads an answer or a notice. Numbers stay as they were written: one of QFPay's has more digits than a float holds. */
export function readPlain(source: Uint8Array | string): { readonly plain: Plain } | { readonly problem: string } {
  const parsed: ParsedJson = parseJson(source, { keepNumbers: true })
  if ('problem' in parsed) return parsed
  const plain = asPlain(parsed.value)
  return plain ? { plain } : { problem: 'is no object' }
}

export function asPlain(value: unknown): Plain | undefined {
  return isPlain(value) ? value : undefined
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberText)
}

/** A member as text; an empty one is not there. */
export function text(object: Plain | undefined, name: string): string | undefined {
  const value = object?.[name]
  if (value instanceof NumberText) return value.text
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** An amount of the currency's minor unit; undefined when it is no whole number. */
export function minor(object: Plain | undefined, name: string): number | undefined {
  const value = text(object, name)
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined
}
