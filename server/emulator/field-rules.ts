import { paramError, WechatError } from './errors.ts'

/** A body's members, read by rule; a member nobody asked for is refused, as the gateway does. */
export type Body = Readonly<Record<string, unknown>>

export function readBody(bytes: Buffer): Body {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch {
    throw new WechatError(400, 'PARAM_ERROR', '请求体不是合法的JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new WechatError(400, 'PARAM_ERROR', '请求体不是JSON对象')
  return value as Body
}

export function assertOnly(body: Body, known: readonly string[], at = ''): void {
  for (const name of Object.keys(body))
    if (!known.includes(name))
      throw new WechatError(400, 'PARAM_ERROR', `请求中含有未在API文档中定义的参数 ${at}${name}`, { field: `/${at}${name}` })
}

type TextRule = { readonly max: number; readonly min?: number; readonly pattern?: RegExp }

/** A text that has to be there. Limits count bytes. */
export function text(body: Body, name: string, rule: TextRule, at = ''): string {
  const value = optionalText(body, name, rule, at)
  if (value === undefined) throw paramError(at + name, '值为必填')
  return value
}

export function optionalText(body: Body, name: string, { max, min = 1, pattern }: TextRule, at = ''): string | undefined {
  const value = body[name]
  if (value === undefined) return undefined
  if (typeof value !== 'string') throw paramError(at + name, '字段类型错误，应为字符串')
  const bytes = Buffer.byteLength(value)
  if (bytes < min || bytes > max) throw paramError(at + name, `字符串长度${bytes}，不在${min}至${max}之间`)
  if (pattern && !pattern.test(value)) throw paramError(at + name, '字符串不符合规则')
  return value
}

export function object(body: Body, name: string): Body {
  const value = body[name]
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw paramError(name, value === undefined ? '值为必填' : '字段类型错误，应为对象')
  return value as Body
}

/** Fen: a whole number from 1. */
export function fen(body: Body, name: string, at: string): number {
  const value = body[name]
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw paramError(at + name, value === undefined ? '值为必填' : '字段类型错误，应为整数')
  if (value < 1) throw paramError(at + name, `数值${value}小于最小值1`)
  return value
}

/** The same members in the same values, whatever their order. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  return `{${Object.entries(value)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`)
    .join(',')}}`
}

/** An address without a query; http is taken here, where the real one wants https on the public net. */
export function notifyAddress(body: Body, name: string, isRequired: boolean): string | undefined {
  const value = isRequired ? text(body, name, { max: 256 }) : optionalText(body, name, { max: 256 })
  if (value === undefined) return undefined
  if (!URL.canParse(value) || !/^https?:\/\//.test(value) || value.includes('?') || value.includes('#'))
    throw paramError(name, '回调地址须为不带参数的完整URL')
  return value
}
