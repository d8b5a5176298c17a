import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { EmulatorCredentials } from './credentials.ts'

export type TradeType = 'JSAPI' | 'NATIVE' | 'MWEB' | 'APP' | 'MICROPAY'
export type TradeState = 'NOTPAY' | 'USERPAYING' | 'SUCCESS' | 'REFUND' | 'CLOSED' | 'REVOKED' | 'PAYERROR'

export type Payment = {
  /** Which version asked for it, and so is told of it; v3 when absent. */
  readonly version?: 'v2' | undefined
  /** How v2 signed. */
  readonly signType?: string | undefined
  /** In service-provider mode: the merchant it is for, his app, and whether the payer was named by it. */
  readonly subMchid?: string | undefined
  readonly subAppid?: string | undefined
  readonly isSubOpenid?: boolean | undefined
  readonly outTradeNo: string
  readonly tradeType: TradeType
  readonly appid: string
  readonly description: string
  readonly attach?: string | undefined
  readonly total: number
  readonly currency: string
  readonly openid?: string | undefined
  readonly notifyUrl: string
  /** The request, canonical: re-entry compares it. */
  readonly parameters: string
  readonly createdAt: number
  readonly expiresAt: number
  /** The one credential that can be used; a new call makes a new one. */
  readonly credential: { readonly prepayId: string; readonly madeAt: number }
  readonly state: TradeState
  readonly transactionId?: string | undefined
  readonly paidBy?: string | undefined
  readonly paidAt?: number | undefined
}

export type RefundState = 'PROCESSING' | 'SUCCESS' | 'ABNORMAL' | 'CLOSED'
export type Refund = {
  readonly version?: 'v2' | undefined
  readonly outRefundNo: string
  readonly refundId: string
  readonly outTradeNo: string
  readonly transactionId: string
  readonly refund: number
  readonly total: number
  readonly reason?: string | undefined
  readonly notifyUrl: string
  readonly parameters: string
  readonly state: RefundState
  /** What it will become by itself. */
  readonly becomes: Exclude<RefundState, 'PROCESSING'>
  readonly createdAt: number
  readonly endedAt?: number | undefined
}

export type LoginCode = {
  readonly code: string
  readonly appid: string
  readonly person: string
  readonly madeAt: number
  readonly usedAt?: number | undefined
}

export type Notification = {
  readonly id: string
  /** Who tells, and so in which form. */
  readonly channel: 'wechat-v3' | 'wechat-v2' | 'qfpay' | 'alipay'
  readonly event: string
  readonly url: string
  readonly outTradeNo: string
  readonly outRefundNo?: string | undefined
  /** What is told, as JSON; it is encrypted and signed anew with each try. */
  readonly resource: string
  readonly tries: readonly { readonly at: number; readonly status: number }[]
  readonly state: 'waiting' | 'taken' | 'given_up' | 'dropped'
}

export type Settings = {
  readonly clockOffset: number
  readonly notificationsBy: 'certificate' | 'public_key'
  readonly publicKeyShare: number
}

type Tables = {
  payment: Payment
  refund: Refund
  code: LoginCode
  notification: Notification
  settings: Settings
  credentials: EmulatorCredentials
}

export type Table<Row> = { readonly rows: ReadonlyMap<string, Row>; put(key: string, row: Row): void }

export type State = ReturnType<typeof makeState>

/** All the emulator knows. With a file, every change is written behind it as a line, so that a killed demo goes on where it was. */
export function makeState(file?: string) {
  const tables: { [Name in keyof Tables]: Map<string, Tables[Name]> } = {
    payment: new Map(),
    refund: new Map(),
    code: new Map(),
    notification: new Map(),
    settings: new Map(),
    credentials: new Map(),
  }
  const others = new Map<string, Map<string, unknown>>()
  if (file !== undefined) load(file)
  return { tables, put, table, settings }

  /** A table of one channel's own, by name; kept behind the file like the rest. */
  function table<Row>(name: string): Table<Row> {
    const rows = (others.get(name) ?? new Map()) as Map<string, Row>
    others.set(name, rows as Map<string, unknown>)
    return {
      rows,
      put: (key, row) => {
        rows.set(key, row)
        if (file !== undefined) appendFileSync(file, `${JSON.stringify([name, key, row])}\n`)
      },
    }
  }

  function put<Name extends keyof Tables>(name: Name, key: string, row: Tables[Name]): void {
    tables[name].set(key, row)
    if (file !== undefined) appendFileSync(file, `${JSON.stringify([name, key, row])}\n`)
  }

  function settings(): Settings {
    return tables.settings.get('only') ?? { clockOffset: 0, notificationsBy: 'certificate', publicKeyShare: 1 }
  }

  function load(path: string): void {
    mkdirSync(dirname(path), { recursive: true })
    if (existsSync(path)) for (const line of readFileSync(path, 'utf8').split('\n')) readLine(line)
    const lines = [...Object.entries(tables), ...others].flatMap(([name, table]) =>
      [...table].map(([key, row]) => JSON.stringify([name, key, row])),
    )
    writeFileSync(`${path}.new`, lines.map((line) => `${line}\n`).join(''), { mode: 0o600 })
    renameSync(`${path}.new`, path)
  }

  /** The last line may be cut off by a kill: it is left out. */
  function readLine(line: string): void {
    try {
      const [name, key, row] = JSON.parse(line)
      const known = Object.hasOwn(tables, name) ? (tables[name as keyof Tables] as Map<string, unknown>) : others.get(name)
      if (known) known.set(key, row)
      else others.set(name, new Map([[key, row]]))
    } catch {
      return
    }
  }
}
