import { asOrderId, asOwnId, defaultMerchant } from '../../shared/kernel/ids.ts'
import type { App } from '../../shared/kernel/pay.ts'
import type { Sessions } from '../identity/sessions.ts'
import { newId } from '../lib/ids.ts'
import { savePayer } from '../store/payers.ts'
import { AppError, channelRefusal } from './error.ts'
import type { Parts } from './parts.ts'

export type Login = ReturnType<typeof makeLogin>

/** A login code becomes a session. The openid is stored with the app it belongs to; neither it nor the session_key leaves the server. */
export function makeLogin({
  db,
  runtime,
  accounts,
  askChannel,
  sessions,
}: Pick<Parts, 'db' | 'runtime' | 'accounts' | 'askChannel'> & { sessions: Sessions }) {
  return async function login({ app, code }: { app: App; code: string }): Promise<{ token: string; expiresInSeconds: number }> {
    const account = accounts
      .all()
      .find((one) => one.login && one.appIdFor(app) !== undefined && (app === 'alipay') === (one.channel === 'alipay'))
    if (!account?.login)
      throw new AppError('PARAM_ERROR', `app ${app} is not set up on this server`, {
        details: { fields: [{ path: 'app', problem: 'is not set up on this server' }] },
      })
    const asked = await askChannel(account, 'login', { merchantId: defaultMerchant, orderId: asOrderId('-'), number: app }, async (one) =>
      one.login?.({ app, code }),
    )
    if (!asked.ok) throw channelRefusal(asked.failure)
    if (!asked.value) throw new AppError('SYSTEMERROR', 'the account lost its login')
    const { openId, appId, unionId } = asked.value
    const payer = await savePayer(db, {
      merchantId: defaultMerchant,
      payerId: asOwnId('PayerId', newId(runtime, 'usr')),
      appId,
      openId,
      unionId,
      at: runtime.now(),
    })
    return sessions.issue(payer)
  }
}
