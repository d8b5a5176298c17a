import type { Clock } from './clock.ts'
import { allApps, type EmulatorCredentials, openidOf } from './credentials.ts'
import { ControlError } from './errors.ts'
import type { EmulatorRuntime } from './runtime.ts'
import type { State } from './state.ts'

const codeLifeMs = 5 * 60 * 1000
const tokenLifeSeconds = 7200

export type Login = ReturnType<typeof makeLogin>
type Parts = {
  readonly state: State
  readonly clock: Clock
  readonly runtime: EmulatorRuntime
  readonly credentials: () => EmulatorCredentials
}

/** api.weixin.qq.com as far as login goes: everything is answered 200, with errcode in the JSON (login fact sheet §1, §2). */
export function makeLogin({ state, clock, runtime, credentials }: Parts) {
  return { mint, jscode2session, oauthToken, stableToken }

  /** A code as wx.login, or the OAuth redirect, would give it: for one use within five minutes. */
  function mint({ person, appid, app = 'miniprogram' }: { person: string; appid?: string | undefined; app?: string | undefined }): string {
    const found = allApps(credentials()).find((one) => (appid === undefined ? one.kind === app : one.appid === appid))
    if (!found) throw new ControlError(404, 'no such app; see GET /_emulator/credentials')
    if (!/^[\w-]{1,40}$/.test(person)) throw new ControlError(400, 'payer is not a name of 1 to 40 letters and digits')
    const code = `0${Buffer.from(runtime.randomBytes(16)).toString('hex')}`.slice(0, 32)
    state.put('code', code, { code, appid: found.appid, person, madeAt: clock.now() })
    return code
  }

  function jscode2session(query: URLSearchParams): Record<string, unknown> {
    if (query.get('grant_type') !== 'authorization_code') return refused(40002, 'invalid grant_type')
    const used = use(query, 'js_code')
    if ('errcode' in used) return used
    return {
      session_key: Buffer.from(runtime.randomBytes(16)).toString('base64'),
      openid: used.openid,
      unionid: openidOf(credentials(), 'unionid', used.person),
    }
  }

  function oauthToken(query: URLSearchParams): Record<string, unknown> {
    if (query.get('grant_type') !== 'authorization_code') return refused(40002, 'invalid grant_type')
    const used = use(query, 'code')
    if ('errcode' in used) return used
    const token = () => Buffer.from(runtime.randomBytes(48)).toString('base64url')
    return { access_token: token(), expires_in: tokenLifeSeconds, refresh_token: token(), openid: used.openid, scope: 'snsapi_base' }
  }

  function use(query: URLSearchParams, name: string): { openid: string; person: string } | { errcode: number; errmsg: string } {
    const app = allApps(credentials()).find((one) => one.appid === query.get('appid'))
    if (!app) return refused(40013, 'invalid appid')
    if (query.get('secret') !== app.secret) return refused(40125, 'invalid appsecret')
    const code = state.tables.code.get(query.get(name) ?? '')
    if (!code || code.appid !== app.appid || clock.now() > code.madeAt + codeLifeMs) return refused(40029, 'invalid code')
    if (code.usedAt !== undefined) return refused(40163, 'code been used')
    state.put('code', code.code, { ...code, usedAt: clock.now() })
    return { openid: openidOf(credentials(), app.appid, code.person), person: code.person }
  }

  function stableToken(bytes: Buffer): Record<string, unknown> {
    const body = parse(bytes)
    const { appid, secret, grant_type: grantType } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
    const app = credentials().apps.find((one) => one.appid === appid)
    if (grantType !== 'client_credential') return refused(40002, 'invalid grant_type')
    if (!app) return refused(40013, 'invalid appid')
    if (secret !== app.secret) return refused(40125, 'invalid appsecret')
    return { access_token: Buffer.from(runtime.randomBytes(60)).toString('base64url'), expires_in: tokenLifeSeconds }
  }

  function refused(errcode: number, message: string): { errcode: number; errmsg: string } {
    return { errcode, errmsg: `${message}, rid: ${Buffer.from(runtime.randomBytes(12)).toString('hex')}` }
  }
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}
