import { z } from 'zod'
import { type ChannelName, channelNames, payTypes } from '../kernel/pay.ts'
import type { Device, PageLanguage, Trouble, WayKind } from '../kernel/pay-page.ts'
import { orderStatuses, refundTotals } from '../kernel/states.ts'
import { channel } from './inputs.ts'
import { payAction } from './order.ts'

const time = z.string().meta({ description: 'RFC 3339, +08:00', example: '2026-01-02T03:04:05+08:00' })

/** An order as whoever holds its link sees it: what he pays for, and what became of it. */
export const linkOrder = z
  .object({
    orderId: z.string().meta({ description: 'The merchant’s number of the order', example: 'T20260102-1' }),
    merchant: z.string().meta({ description: 'The name the merchant shows to payers', example: '云上茶铺' }),
    subject: z.string().meta({ example: 'Tea' }),
    body: z.string().nullable().meta({ example: null }),
    amount: z.string().meta({ description: 'In the major unit', example: '99.99' }),
    amountMinor: z.int().meta({ description: 'In the minor unit, such as fen', example: 9999 }),
    currency: z.string().meta({ example: 'CNY' }),
    status: z.enum(orderStatuses).meta({ example: 'succeeded' }),
    isExpired: z.boolean().meta({ description: 'Its time is over, though it is not closed yet', example: false }),
    refundStatus: z.enum(refundTotals).meta({ example: 'none' }),
    refundedAmount: z.string().meta({ description: 'What went back, in the major unit', example: '0.00' }),
    isRefunding: z.boolean().meta({ description: 'Money is on its way back', example: false }),
    channel: z.enum(channelNames).nullable().meta({ example: 'wechat' }),
    payType: z.enum(payTypes).nullable().meta({ example: 'NATIVE' }),
    now: time,
    expiresAt: time,
    paidAt: time.nullable(),
    closedAt: time.nullable().meta({ example: null }),
    returnUrl: z.string().nullable().meta({
      description: 'Where the merchant wants the payer afterwards; null while it can be paid',
      example: 'https://shop.example/done',
    }),
  })
  .meta({ id: 'LinkOrder', description: 'An order as the holder of its link sees it' })
export type LinkOrder = z.output<typeof linkOrder>

/** A QR code as one path of unit squares; the light border is not part of it. */
export const qrCode = z
  .object({
    size: z.int().meta({ description: 'Modules on each side', example: 29 }),
    path: z.string().meta({ description: 'What an SVG path draws, a unit a module', example: 'M0 0h7v1h-7zM10 0h2v1h-2z' }),
    expiresAt: time,
  })
  .meta({ id: 'QrCode', description: 'A QR code to be drawn' })
export type QrCode = z.output<typeof qrCode>

/** POST /cashier/links/:orderId/pay; how is decided by the server, from the browser that asks. */
export const linkPay = z.strictObject({ channel: channel.optional() })
export const linkPaying = z
  .object({ action: payAction, qr: qrCode.nullable() })
  .meta({ id: 'LinkPaying', description: 'What the page does next; a code comes drawn as well' })
export type LinkPaying = z.output<typeof linkPaying>

/** A way to pay that the payer's device has. */
export type PageWay = { readonly channel: ChannelName; readonly kind: WayKind }

/** Everything the page is made from, on the server and again in the browser. */
export type PageModel = {
  readonly language: PageLanguage
  /** The page's own address in each language. */
  readonly languages: Readonly<Record<PageLanguage, string>>
} & (OrderPage | { readonly page: 'notice'; readonly notice: Notice })

export type OrderPage = {
  readonly page: 'order'
  readonly order: LinkOrder
  readonly device: Device
  readonly ways: readonly PageWay[]
  /** The payer comes back from where he paid, or not. */
  readonly isBack: boolean
  readonly trouble: Trouble | null
  /** A code that can be scanned already. */
  readonly shown: { readonly channel: ChannelName; readonly qr: QrCode } | null
  /** Where forms go without script, what the page asks, and the page itself, ready to be sent to another browser. */
  readonly addresses: {
    readonly form: string
    readonly state: string
    readonly pay: string
    readonly events: string
    readonly self: string
  }
}

export const notices = ['notFound', 'tooMany', 'loginFailed', 'trouble'] as const
export type Notice = (typeof notices)[number]

/** Makes a whole document. The names of its script and styles come from the build. */
export type RenderPage = (model: PageModel) => string
