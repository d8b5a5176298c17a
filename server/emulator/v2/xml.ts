import { WechatError } from '../errors.ts'

export type Members = Readonly<Record<string, string>>

const member = /<(\w+)>(?:<!\[CDATA\[([\s\S]*?)\]\]>|([^<]*))<\/\1>/g
const maxBytes = 64 * 1024

/** One level of members, as every request of v2 is. @throws WechatError as the gateway calls what is none. */
export function readXml(bytes: Buffer): Members {
  const text = bytes.toString('utf8').trim()
  if (bytes.length === 0) throw new WechatError(200, 'POST_DATA_EMPTY', 'post数据为空')
  if (bytes.length > maxBytes || /<!DOCTYPE|<!ENTITY/i.test(text)) throw new WechatError(200, 'XML_FORMAT_ERROR', 'XML格式错误')
  if (text.includes('\ufffd')) throw new WechatError(200, 'NOT_UTF8', '编码格式错误')
  const [, inside] = /^(?:<\?xml[^>]*\?>\s*)?<xml>([\s\S]*)<\/xml>$/.exec(text) ?? []
  if (inside === undefined) throw new WechatError(200, 'XML_FORMAT_ERROR', 'XML格式错误')
  const members: Record<string, string> = {}
  const rest = inside.replace(member, (_whole, name: string, cdata: string | undefined, plain: string | undefined) => {
    if (Object.hasOwn(members, name)) throw new WechatError(200, 'XML_FORMAT_ERROR', `参数${name}重复`)
    members[name] = cdata ?? unescaped(plain ?? '')
    return ''
  })
  if (rest.trim() !== '') throw new WechatError(200, 'XML_FORMAT_ERROR', 'XML格式错误')
  return members
}

export function writeXml(members: Readonly<Record<string, string | undefined>>, root = 'xml'): string {
  const lines = Object.entries(members).flatMap(([name, value]) => (value === undefined ? [] : [`<${name}><![CDATA[${value}]]></${name}>`]))
  return `<${root}>${lines.join('\n')}</${root}>`
}

function unescaped(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&apos;', "'").replaceAll('&amp;', '&')
}
