import { ControlError } from './errors.ts'
import type { EmulatorRuntime } from './runtime.ts'

export const callFaults = [
  'timeout_before',
  'timeout_after',
  'reset',
  'status_500',
  'system_error',
  'rate_limit',
  'slow_body',
  'huge_body',
  'redirect',
  'bad_signature',
  'no_signature',
  'unknown_serial',
  'order_paid',
  'out_trade_no_used',
  'order_not_exist',
  'user_paying',
  'not_enough',
  'refund_abnormal',
  'refund_closed',
  'statement_creating',
  'bad_bill_hash',
  'early_notify',
] as const
export const notifyFaults = [
  'drop_notify',
  'duplicate_notify',
  'late_notify',
  'reorder_notify',
  'truncate_notify',
  'forge_notify',
  'stale_notify',
  'probe_notify',
  'undecryptable_notify',
  'wrong_amount',
  'wrong_currency',
  'wrong_app',
  'wrong_merchant',
  'unknown_order',
] as const

export type CallFault = (typeof callFaults)[number]
export type NotifyFault = (typeof notifyFaults)[number]
export type FaultName = CallFault | NotifyFault

type Match = {
  readonly path?: string | undefined
  readonly method?: string | undefined
  readonly outTradeNo?: string | undefined
  readonly chance?: number | undefined
}
type Armed = { readonly match: Match; readonly fault: FaultName; times: number }

/** What a fault is matched with: a call, or a notification, which has no method. */
export type Happening = { readonly path: string; readonly method?: string | undefined; readonly outTradeNo?: string | undefined }

/** Of so many numbers it is remembered by which calls they came. */
const maxNumbers = 10_000

export type Faults = ReturnType<typeof makeFaults>

/** Faults that were asked for: each fires on its next matches, so many times. */
export function makeFaults(runtime: EmulatorRuntime) {
  let armed: Armed[] = []
  const callsAbout = new Map<string, Set<string>>()
  return { arm, take, list: () => armed.map((one) => ({ ...one })), clear }

  function clear(names: readonly FaultName[] = [...callFaults, ...notifyFaults]): void {
    armed = armed.filter((one) => !names.includes(one.fault))
  }

  /** @throws ControlError that names what is wrong. */
  function arm(ask: unknown): void {
    if (typeof ask !== 'object' || ask === null) throw new ControlError(400, 'send {"match":{…},"fault":"…","times":1}')
    const { fault, times = 1, match = {} } = ask as { fault?: unknown; times?: unknown; match?: unknown }
    const name = [...callFaults, ...notifyFaults].find((one) => one === fault)
    if (!name) throw new ControlError(400, `fault is ${String(fault)}; one of ${[...callFaults, ...notifyFaults].join(', ')}`)
    if (typeof times !== 'number' || !Number.isSafeInteger(times) || times < 1)
      throw new ControlError(400, 'times is not a whole number above 0')
    if (typeof match !== 'object' || match === null) throw new ControlError(400, 'match is not an object')
    const { path, method, outTradeNo, out_trade_no: wireNumber, chance } = match as Record<string, unknown>
    armed.push({
      fault: name,
      times,
      match: {
        path: asText(path),
        method: asText(method),
        outTradeNo: asText(outTradeNo) ?? asText(wireNumber),
        chance: typeof chance === 'number' ? chance : undefined,
      },
    })
  }

  /** By which calls a number came, so that a fault of its notification can be asked for by the call that made it. */
  function remember({ path, method, outTradeNo }: Happening): void {
    if (method === undefined || outTradeNo === undefined) return
    const known = callsAbout.get(outTradeNo)
    if (known) return void known.add(path)
    callsAbout.set(outTradeNo, new Set([path]))
    const [oldest] = callsAbout.keys()
    if (callsAbout.size > maxNumbers && oldest !== undefined) callsAbout.delete(oldest)
  }

  /** The first armed fault among `names` that matches; it is used up once more. */
  function take<Name extends FaultName>(names: readonly Name[], happening: Happening): Name | undefined {
    remember(happening)
    for (const one of armed) {
      const name = names.find((candidate) => candidate === one.fault)
      if (!name || !fits(one.match, happening)) continue
      one.times--
      armed = armed.filter((still) => still.times > 0)
      return name
    }
    return undefined
  }

  function pathsOf({ path, method, outTradeNo = '' }: Happening): string[] {
    return method === undefined ? [path, ...(callsAbout.get(outTradeNo) ?? [])] : [path]
  }

  function fits({ path, method, outTradeNo, chance }: Match, happening: Happening): boolean {
    if (path !== undefined && !pathsOf(happening).some((one) => one.startsWith(path))) return false
    if (method !== undefined && happening.method !== undefined && method.toUpperCase() !== happening.method) return false
    if (outTradeNo !== undefined && outTradeNo !== happening.outTradeNo) return false
    return chance === undefined || (runtime.randomBytes(1)[0] ?? 0) / 256 < chance
  }
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
