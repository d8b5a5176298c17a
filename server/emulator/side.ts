import type { Clock } from './clock.ts'
import type { Exchange } from './exchange.ts'
import type { Faults } from './faults.ts'
import type { EmulatorRuntime } from './runtime.ts'
import type { State } from './state.ts'

/** What every emulated channel is made of. */
export type SideParts = {
  readonly state: State
  readonly clock: Clock
  readonly runtime: EmulatorRuntime
  readonly faults: Faults
  /** Where the emulator can be reached; stands in the addresses it gives out. */
  readonly origin: () => string
}

/** A payment as the phone page and the control interface show it. */
export type ShownPayment = {
  readonly outTradeNo: string
  readonly channel: 'qfpay' | 'alipay'
  readonly description: string
  /** In the currency's minor unit. */
  readonly total: number
  readonly currency: string
  readonly tradeType: string
  readonly tradeState: 'NOTPAY' | 'USERPAYING' | 'SUCCESS' | 'REFUND' | 'CLOSED'
  readonly merchant: string
  readonly [more: string]: unknown
}

/** Another channel than WeChat Pay itself, on the same port, clock and state. */
export type Side = {
  readonly channel: ShownPayment['channel']
  /** Whether the exchange was its own, and so was answered (or, by a fault, left without an answer). */
  handle(exchange: Exchange): Promise<boolean>
  /** What a server that is pointed here sets. */
  environment(): Record<string, string>
  /** Everything a client needs, for `GET /_emulator/credentials`. */
  credentials(): Record<string, unknown>
  payments(): readonly ShownPayment[]
  refunds(): ReadonlyArray<Record<string, unknown>>
  /** The payment behind a number or whatever a phone was shown; undefined when it is none of this channel's. */
  find(code: string): ShownPayment | undefined
  /** pay, fail, pay_twice, user_paying, refund_externally, as the control interface names them. @throws ControlError */
  act(outTradeNo: string, ask: Readonly<Record<string, unknown>>): Promise<unknown>
  /** A code that the payer's phone shows at a counter, for one payment. */
  showCode(person: string): string
  /** A code as the wallet's own login would give it; absent where the channel has none. */
  loginCode?(person: string): string
  /** Tells once more what it told. */
  resend(notificationId: string): Promise<void>
  /** Goes on where it was killed. */
  resume(): void
}
