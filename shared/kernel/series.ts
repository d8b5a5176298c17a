/** The kinds of numbers that a merchant can give a form of his own: of orders, of refunds, of payments by the payer's code. */
export const seriesNames = ['order', 'refund', 'micropay'] as const
export type SeriesName = (typeof seriesNames)[number]

export const seriesForms = ['stamp', 'sequence'] as const
export type SeriesForm = (typeof seriesForms)[number]
