import { ApiError, makePayerClient, type PayerClient } from '../generated/shared'
import { serverOrigin } from '../settings'
import { type Texts, textsIn } from '../texts'
import { makeSession } from './session'
import { makeTransport } from './transport'
import * as wxPromises from './wx-promises'

const sessionName = 'session'

export type Shop = { readonly api: PayerClient; readonly texts: Texts }

let made: Shop | undefined

/** The parts of the mini-program, made when a page first needs them. */
export function theShop(): Shop {
  made ??= makeShop()
  return made
}

function makeShop(): Shop {
  const language = wxPromises.language()
  const session = makeSession({
    loginCode: wxPromises.loginCode,
    exchange: (code) => api.login({ code, app: 'miniprogram' }),
    load: () => wxPromises.load(sessionName),
    save: (value) => wxPromises.save(sessionName, value),
    forget: () => wxPromises.forget(sessionName),
    now: () => Date.now(),
  })
  const transport = makeTransport({ origin: serverOrigin, language, session, send: wxPromises.request, pause: wxPromises.pause })
  const api: PayerClient = makePayerClient(transport, newKey)
  return { api, texts: textsIn(language) }
}

/** Unlike any other of this person: what it protects from is the same tap arriving twice. */
function newKey(): string {
  const part = () => Math.floor(Math.random() * 2 ** 32).toString(36)
  return `${Date.now().toString(36)}-${part()}-${part()}`
}

/** The server's sentence, or our own when there is none. */
export function sentenceOf(error: unknown, fallback: string): string {
  return error instanceof ApiError && error.message !== '' ? error.message : fallback
}
