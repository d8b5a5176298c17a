import { parseJson } from '../../lib/json.ts'
import { memberOf } from '../../lib/member-of.ts'
import { isPublicHost } from '../../lib/public-address.ts'
import { type IncomingAnswer, NetworkFailure } from '../../lib/runtime.ts'
import { type Finding, ok } from '../rules/finding.ts'
import { isAlive } from '../rules/instances.ts'
import { isThisMachine } from '../rules/this-machine.ts'
import type { NetworkLook } from './parts.ts'

const timeoutMs = 8000
const maxBytes = 64 * 1024
/** WeChat Pay takes no longer one. */
const notifyUrlMaxLength = 255

/**
 * Whether a channel could call an address at all, judged by the address alone.
 *
 * @param upstream where the channel is; an emulator on this machine may call anything.
 */
export function lookAtNotifyUrl(notifyUrl: string, upstream: string | undefined): Finding[] {
  const id = 'notify_url'
  const url = new URL(notifyUrl)
  const problem = notifyProblem(url, upstream)
  if (!problem) return [{ ...ok(id, '通知地址可用', 'the notify address is of the right form'), about: notifyUrl }]
  return [{ id, severity: 'error', about: notifyUrl, ...problem }]
}

function notifyProblem(url: URL, upstream: string | undefined): Pick<Finding, 'words' | 'remedy'> | undefined {
  const isEmulated = upstream !== undefined && isThisMachine(new URL(upstream).hostname)
  if (url.search !== '' || url.hash !== '')
    return {
      words: {
        zh: '通知地址带有查询串，渠道会拒绝或丢弃它',
        en: 'the notify address has a query string, which channels refuse or cut off',
      },
      remedy: { zh: '请去掉 ? 及其后的部分', en: 'Leave out the ? and what stands behind it' },
    }
  if (url.href.length > notifyUrlMaxLength)
    return {
      words: { zh: `通知地址超过 ${notifyUrlMaxLength} 个字符`, en: `the notify address has more than ${notifyUrlMaxLength} characters` },
      remedy: { zh: '请换一个更短的地址', en: 'Use a shorter one' },
    }
  if (isEmulated) return undefined
  if (!isPublicHost(url.hostname))
    return {
      words: { zh: '通知地址是内网地址，渠道无法访问', en: 'the notify address is a private one, which no channel can reach' },
      remedy: { zh: '请把 PUBLIC_URL 设为公网可访问的 https 域名', en: 'Set PUBLIC_URL to a public https host' },
    }
  if (url.protocol !== 'https:')
    return {
      words: { zh: '通知地址不是 https', en: 'the notify address is not https' },
      remedy: { zh: '请在前面的代理上配置证书，并把 PUBLIC_URL 改为 https', en: 'End TLS at the proxy in front and make PUBLIC_URL https' },
    }
  return undefined
}

/** Whether the public address leads to a server on this very store: another installation, or a copy's original, may answer there. */
export async function reachPublicUrl(publicUrl: string, look: NetworkLook): Promise<Finding> {
  const id = 'public_url'
  const about = publicUrl
  const answer = await get(`${publicUrl}/healthz`, look)
  if (answer instanceof NetworkFailure) return { ...unreachable(answer, look), about }
  const read = parseJson(answer.body)
  const body = 'value' in read ? read.value : undefined
  if (answer.status !== 200 || memberOf(body, 'status') !== 'ok') return { ...otherAnswer(answer), about }
  const instance = memberOf(body, 'instance')
  if (look.instances === undefined || typeof instance !== 'string')
    return { ...ok(id, '公网地址有服务应答', 'a server answers at the public address'), about }
  if (look.instances.some((one) => one.instanceId === instance))
    return { ...ok(id, '公网地址由本安装应答', 'this installation answers at the public address'), about }
  return {
    id: 'installation',
    severity: 'error',
    about,
    words: {
      zh: '在公网地址应答的服务用的不是这个数据库：这里是数据库的副本，或 PUBLIC_URL 属于另一套安装',
      en: 'the server at the public address runs on another database: this one is a copy of it, or PUBLIC_URL is another installation’s',
    },
    remedy: {
      zh: '不要在副本上运行服务（它会关闭、退款正式库的订单）；若地址写错，请改正 PUBLIC_URL',
      en: 'Run no server on a copy, it would close and refund the original’s payments; or correct PUBLIC_URL',
    },
  }
}

function unreachable(failure: NetworkFailure, { instances, now }: NetworkLook): Finding {
  const id = 'public_url'
  if (failure.isTls)
    return {
      id,
      severity: 'error',
      words: { zh: `公网地址的证书无效：${failure.message}`, en: `the certificate of the public address is not good: ${failure.message}` },
      remedy: { zh: '请更新代理上的证书（包括中间证书）', en: 'Renew the proxy’s certificate, with those between it and its root' },
    }
  const isRunning = instances?.some((one) => isAlive(one, now)) === true
  if (!isRunning)
    return {
      id,
      severity: 'note',
      words: { zh: '服务没有运行，无法检验公网地址', en: 'no server is running, so the public address could not be tried' },
      remedy: { zh: '请启动服务后再运行 doctor', en: 'Start the server and run doctor again' },
    }
  return {
    id,
    severity: 'warning',
    words: { zh: `从本机访问不到公网地址：${failure.message}`, en: `the public address cannot be reached from here: ${failure.message}` },
    remedy: {
      zh: '请从外网打开该地址的 /healthz 确认；若也打不开，请检查 DNS、代理与防火墙',
      en: 'Open its /healthz from outside; if that fails too, check DNS, the proxy and the firewall',
    },
  }
}

function otherAnswer({ status }: IncomingAnswer): Finding {
  const isElsewhere = status >= 300 && status < 400
  return {
    id: 'public_url',
    severity: 'error',
    words: isElsewhere
      ? {
          zh: `公网地址被重定向（${status}），渠道不跟随重定向`,
          en: `the public address redirects (${status}); channels follow no redirect`,
        }
      : { zh: `公网地址应答的不是本服务（${status}）`, en: `something else answers at the public address (${status})` },
    remedy: isElsewhere
      ? { zh: '请把 PUBLIC_URL 改成最终地址', en: 'Set PUBLIC_URL to where it leads in the end' }
      : { zh: '请让代理把 /api/ 与 /healthz 原样转发给本服务', en: 'Have the proxy pass /api/ and /healthz on to this server unchanged' },
  }
}

/** Whether a notification would get through to the server: a GET there is refused in our own words. */
export async function reachNotifyUrl(notifyUrl: string, look: NetworkLook): Promise<Finding[]> {
  const id = 'notify_path'
  const answer = await get(notifyUrl, look)
  // That nobody answers at all is told once, for the public address.
  if (answer instanceof NetworkFailure) return []
  const read = parseJson(answer.body)
  if ('value' in read && memberOf(read.value, 'requestId') !== undefined)
    return [{ ...ok(id, '通知可以到达本服务', 'notifications get through to the server'), about: notifyUrl }]
  return [
    {
      id,
      severity: 'error',
      about: notifyUrl,
      words: {
        zh: `通知地址应答 ${answer.status}，但不是本服务：被登录页、防火墙或代理拦下了`,
        en: `the notify address answers ${answer.status}, but not this server: a login, a firewall or a proxy stands before it`,
      },
      remedy: {
        zh: '请放行该路径：不登录、不跳转、不改写请求体',
        en: 'Let the path through: no login, no redirect, the body unchanged',
      },
    },
  ]
}

/** What the running server says of itself; undefined when it does not answer on this machine. */
export async function readMetrics(localOrigin: string, look: NetworkLook): Promise<string | undefined> {
  const answer = await get(`${localOrigin}/metrics`, look, 1024 * 1024)
  return answer instanceof NetworkFailure || answer.status !== 200 ? undefined : Buffer.from(answer.body).toString('utf8')
}

async function get(url: string, { runtime }: NetworkLook, limit = maxBytes): Promise<IncomingAnswer | NetworkFailure> {
  try {
    return await runtime.fetch({
      method: 'GET',
      url,
      headers: { accept: '*/*', 'user-agent': 'Shouyin/0.1 doctor' },
      timeoutMs,
      maxBytes: limit,
    })
  } catch (error) {
    if (error instanceof NetworkFailure) return error
    throw error
  }
}
