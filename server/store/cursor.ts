import { asInstant, type Instant } from '../../shared/kernel/time.ts'

export type Page = { readonly limit: number; readonly cursor?: string | undefined }
export type Place = { readonly at: Instant; readonly id: string }
/** A cursor that is none of ours. */
export class BadCursor extends Error {}

/** Where a page ended, as a text that callers give back as it is. */
export function writeCursor({ at, id }: Place): string {
  return Buffer.from(`${at}.${id}`).toString('base64url')
}

/** @throws BadCursor */
export function readCursor(cursor: string | undefined): Place | undefined {
  if (cursor === undefined) return undefined
  const match = /^(\d{1,15})\.(.{1,128})$/su.exec(Buffer.from(cursor, 'base64url').toString())
  if (!match) throw new BadCursor('the cursor is none that was given out here')
  return { at: asInstant(Number(match[1])), id: match[2] ?? '' }
}

/** Cuts one row more than asked for into the page and the cursor to the next. */
export function pageOf<T>(rows: readonly T[], { limit }: Page, placeOf: (row: T) => Place): { items: T[]; nextCursor?: string } {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return rows.length > limit && last !== undefined ? { items, nextCursor: writeCursor(placeOf(last)) } : { items }
}
