import type { AppId, MerchantId, OpenId, PayerId } from '../../shared/kernel/ids.ts'
import type { PayType } from '../../shared/kernel/pay.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { Database } from '../store/database.ts'
import { findPayer, listAppsOfOpenId } from '../store/payers.ts'
import { AppError } from './error.ts'
import type { Payer } from './orders.ts'

type Asked = { readonly payType: PayType; readonly appId: AppId; readonly openId?: OpenId | undefined; readonly payer?: Payer | undefined }

const rememberMs = 60_000
const maxRemembered = 10_000

export type PayerOf = ReturnType<typeof makePayerOf>

/**
 * Whose openid a payment is asked for. An openid belongs to one app; one of another app is refused before the channel does it.
 *
 * @throws AppError PARAM_ERROR when the means needs a payer and none, or one of another app, is given.
 */
export function makePayerOf({ db, runtime }: { db: Database; runtime: Pick<Runtime, 'now'> }) {
  const remembered = new Map<string, { readonly apps: readonly AppId[]; readonly until: number }>()
  return async function payerOf(
    merchantId: MerchantId,
    { payType, appId, openId, payer }: Asked,
  ): Promise<{ openId?: OpenId | undefined; payerId?: PayerId | undefined }> {
    const needsOpenId = payType === 'JSAPI' || payType === 'MINIPROGRAM'
    if (!needsOpenId) return { payerId: payer?.payerId }
    if (payer) return ofSession(merchantId, payer, appId, payType)
    if (openId === undefined) throw refuse('openid', `is required for ${payType}`)
    const known = await appsOf(merchantId, openId)
    if (known.length > 0 && !known.includes(appId))
      throw refuse('openid', `belongs to app ${known.join(', ')}; this payment runs under ${appId}`)
    return { openId }
  }

  /** Remembered for a minute: a merchant's payers come back within seconds, and the channel has the last word anyway. */
  async function appsOf(merchantId: MerchantId, openId: OpenId): Promise<readonly AppId[]> {
    const known = remembered.get(`${merchantId} ${openId}`)
    if (known && known.until > runtime.now()) return known.apps
    const apps = await listAppsOfOpenId(db, merchantId, openId)
    if (remembered.size >= maxRemembered) remembered.clear()
    remembered.set(`${merchantId} ${openId}`, { apps, until: runtime.now() + rememberMs })
    return apps
  }

  async function ofSession(
    merchantId: MerchantId,
    payer: Payer,
    appId: AppId,
    payType: PayType,
  ): Promise<{ openId: OpenId; payerId: PayerId }> {
    if (payer.appId !== appId) throw refuse('payType', `${payType} runs under app ${appId}; you are logged in to ${payer.appId}`)
    const person = await findPayer(db, merchantId, payer.payerId)
    if (!person) throw new AppError('UNAUTHORIZED', 'this login is no longer known; log in again')
    return { openId: person.openId, payerId: payer.payerId }
  }
}

function refuse(path: string, problem: string): AppError {
  return new AppError('PARAM_ERROR', `${path} ${problem}`, { details: { fields: [{ path, problem }] } })
}
