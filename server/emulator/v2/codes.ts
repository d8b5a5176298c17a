import type { Clock } from '../clock.ts'
import { digits, people } from '../credentials.ts'
import { ControlError, WechatError } from '../errors.ts'
import type { Payments } from '../payments.ts'
import { isPaid } from '../payments.ts'
import type { Refunds } from '../refunds.ts'
import type { EmulatorRuntime } from '../runtime.ts'
import type { Payment, State } from '../state.ts'

const codeLifeMs = 60_000
/** Above 1000 CNY the payer is asked for the password. */
const freeFen = 100_000

type Code = { readonly code: string; readonly person: string; readonly madeAt: number; readonly usedFor?: string | undefined }

export type Codes = ReturnType<typeof makeCodes>

/** Codes that a payer shows at a counter, and what is paid with them (v2 fact sheet §3.2). */
export function makeCodes({
  state,
  clock,
  runtime,
  payments,
  refunds,
}: {
  readonly state: State
  readonly clock: Clock
  readonly runtime: EmulatorRuntime
  readonly payments: Payments
  readonly refunds: Refunds
}) {
  const table = state.table<Code>('paymentCode')
  return { show, pay, reverse }

  /** 18 digits from 13, for one payment within a minute. */
  function show(person: string): string {
    if (!/^[\w-]{1,40}$/.test(person)) throw new ControlError(400, 'payer is not a name of 1 to 40 letters and digits')
    const code = `13${digits(runtime, 16)}`
    table.put(code, { code, person, madeAt: clock.now() })
    return code
  }

  /** Pays at once, or waits for the password. Sent again with the same number it says what became of it. */
  async function pay(asked: Payment, authCode: string, asksForPassword: boolean): Promise<Payment> {
    const known = state.tables.payment.get(asked.outTradeNo)
    if (known) return sameAgain(known, authCode)
    const code = usable(authCode)
    table.put(authCode, { ...code, usedFor: asked.outTradeNo })
    const openid = payments.openidFor(asked.subAppid ?? asked.appid, code.person)
    payments.put({ ...asked, openid, state: 'USERPAYING' })
    if (asksForPassword || asked.total > freeFen) throw userPaying()
    return payments.pay(asked.outTradeNo, { openid, notify: false })
  }

  function sameAgain(known: Payment, authCode: string): Payment {
    if (table.rows.get(authCode)?.usedFor !== known.outTradeNo) throw new WechatError(400, 'OUT_TRADE_NO_USED', '商户订单号重复')
    if (isPaid(known)) return known
    if (known.state === 'USERPAYING') throw userPaying()
    throw new WechatError(400, 'ORDERREVERSED', '订单已撤销')
  }

  function usable(authCode: string): Code {
    if (!/^1[0-5]\d{16}$/.test(authCode)) throw new WechatError(400, 'AUTH_CODE_INVALID', '请扫描微信支付被扫条码/二维码')
    const code = table.rows.get(authCode)
    // Any phone's code will do; one that nobody showed here is the first person's.
    if (!code) return { code: authCode, person: people[0], madeAt: clock.now() }
    if (code.usedFor !== undefined || clock.now() > code.madeAt + codeLifeMs)
      throw new WechatError(400, 'AUTHCODEEXPIRE', '二维码已过期，请刷新再试')
    return code
  }

  /** Unpaid: closed. Paid: the money goes back. Either way the number is used up. */
  function reverse(outTradeNo: string): void {
    const payment = state.tables.payment.get(outTradeNo)
    if (!payment) throw new WechatError(404, 'ORDERNOTEXIST', '订单不存在')
    if (payment.tradeType !== 'MICROPAY') throw new WechatError(400, 'TRADE_STATE_ERROR', '订单状态错误')
    if (payment.state === 'REVOKED') return
    if (isPaid(payment)) refunds.outside(payment)
    payments.put({ ...payment, state: 'REVOKED' })
  }
}

function userPaying(): WechatError {
  return new WechatError(202, 'USERPAYING', '需要用户输入支付密码')
}
