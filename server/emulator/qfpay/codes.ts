import { createHmac } from 'node:crypto'
import { digits, people } from '../credentials.ts'
import { ControlError } from '../errors.ts'
import type { SideParts } from '../side.ts'
import type { QfpayCredentials } from './credentials.ts'
import { fitsType } from './pay-types.ts'
import { type QfCode, QfpayError } from './rows.ts'

const minute = 60_000
/** A code on a phone renews itself every minute; that of a login is good for five. */
const lifeMs = { counter: minute, oauth: 5 * minute }

export type QfCodes = ReturnType<typeof makeCodes>

/** Codes that stand for a person, each for one use (fact sheet §7, §8.6). */
export function makeCodes({
  state,
  clock,
  runtime,
  credentials,
}: Pick<SideParts, 'state' | 'clock' | 'runtime'> & { readonly credentials: () => QfpayCredentials }) {
  const codes = state.table<QfCode>('qfpay.code')
  return { mint, useAtCounter, useForOpenid, openidOf }

  /** @throws ControlError when the name is none. */
  function mint(person: string, kind: QfCode['kind']): string {
    if (!isName(person)) throw new ControlError(400, 'payer is not a name of 1 to 40 letters and digits')
    const code = kind === 'counter' ? `13${digits(runtime, 16)}` : `qf${Buffer.from(runtime.randomBytes(12)).toString('hex')}`
    codes.put(code, { code, person, madeAt: clock.now(), kind })
    return code
  }

  /** @returns who showed it: any phone's code will do, and one that nobody showed here is the first person's. */
  function useAtCounter(code: string, { payType, outTradeNo }: { payType: string; outTradeNo: string }): string {
    const known: QfCode = codes.rows.get(code) ?? { code, person: people[0], madeAt: clock.now(), kind: 'counter' }
    if (!fitsType(code, payType) || !isUsable(known)) throw new QfpayError('1202', '付款码错误或过期')
    codes.put(code, { ...known, usedFor: outTradeNo })
    return known.person
  }

  function useForOpenid(code: string): string {
    const known = codes.rows.get(code)
    if (known?.kind !== 'oauth' || !isUsable(known)) throw new QfpayError('1104', 'code 无效或已使用')
    codes.put(code, { ...known, usedFor: 'openid' })
    return openidOf(known.person)
  }

  function isUsable({ usedFor, madeAt, kind }: QfCode): boolean {
    return usedFor === undefined && clock.now() <= madeAt + lifeMs[kind]
  }

  /** The one openid a person has in QFPay's own account. */
  function openidOf(person: string): string {
    return `oqf${createHmac('sha256', credentials().clientKey).update(person).digest('base64url').replace(/-/g, 'x').slice(0, 25)}`
  }
}

export function isName(person: string): boolean {
  return /^[\w-]{1,40}$/.test(person)
}
