import type { Currency } from '../../../shared/kernel/money.ts'

/** In what a bill and the books can differ. */
export const differenceKinds = ['missing_here', 'missing_there', 'amount', 'state', 'refund', 'fee', 'funds'] as const
export type DifferenceKind = (typeof differenceKinds)[number]

/** One difference: about which number, what both sides say, and whether it was put right. */
export type Difference = {
  readonly kind: DifferenceKind
  /** The payment's number, or the refund's. */
  readonly number: string
  readonly orderId?: string | undefined
  readonly detail: string
  /** What the books made of it: nothing is put right but through the rules that every report goes through. */
  readonly repaired: boolean
}

export type Totals = { readonly count: number; readonly amountMinor: number }

/** What came of a day: kept as JSON, so its members only ever grow. */
export type Report = {
  /** Nothing happened that day, says the channel. */
  readonly isEmpty: boolean
  /** Whether the flow of funds was compared too. */
  readonly withFunds: boolean
  /** What the amounts are in; a report of before names none, and is in CNY. */
  readonly currency?: Currency | undefined
  readonly payments: Totals
  readonly refunds: Totals
  readonly feeMicro: number
  readonly counts: Readonly<Partial<Record<DifferenceKind, number>>>
  /** The first ones of them. */
  readonly differences: readonly Difference[]
}

/** So many are listed one by one; the counts tell of all. */
export const listedDifferences = 1000

const day = 24 * 60 * 60 * 1000
const openingHour = 10

/** Whether something could be put right and was not: money that was in its way may not be any more. */
export function hasOpenRepairs({ differences }: Report): boolean {
  return differences.some((one) => !one.repaired && (one.kind === 'state' || one.kind === 'refund'))
}

/** Whether a text is a day in the calendar. */
export function isDay(text: string): boolean {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text)
}

/** The instants at which a day of China begins and ends. */
export function boundsOf(text: string): { from: number; to: number } {
  const from = Date.parse(`${text}T00:00:00+08:00`)
  return { from, to: from + day }
}

export function nextDay(text: string): string {
  return new Date(Date.parse(`${text}T00:00:00Z`) + day).toISOString().slice(0, 10)
}

export function dayBefore(text: string): string {
  return new Date(Date.parse(`${text}T00:00:00Z`) - day).toISOString().slice(0, 10)
}

/** From when a day's bill can be fetched: bills are made from nine on and should be fetched after ten. */
export function billReadyAt(text: string): number {
  return boundsOf(text).to + openingHour * 60 * 60 * 1000
}
