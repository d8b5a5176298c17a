import type Router from '@koa/router'
import type { Context } from 'koa'
import { type AccountId, readName } from '../../../shared/kernel/ids.ts'
import { type ChannelName, channelNames } from '../../../shared/kernel/pay.ts'
import { AppError } from '../../core/error.ts'
import type { Notifications } from '../../core/notifications.ts'
import type { Door } from '../route.ts'

const bodyMaxBytes = 64 * 1024

const described = {
  method: 'post',
  audience: 'channel',
  description:
    'Answered in the channel’s own words: WeChat Pay v3 with 204, v2 with its pair of XML, QFPay with `SUCCESS`, Alipay with `success`; a ' +
    'refusal of WeChat Pay v3 is `{"code":"FAIL","message":…}`. What was told before is answered as taken and changes nothing.',
  takes: ['application/json', 'text/xml', 'application/x-www-form-urlencoded'],
  answers: {
    '200': ['text/xml', 'text/plain'],
    '204': [],
    '400': ['application/json', 'text/xml', 'text/plain'],
    '401': ['application/json', 'text/xml', 'text/plain'],
    '404': ['application/json'],
    '413': ['application/json'],
    '500': ['application/json', 'text/xml', 'text/plain'],
    '503': ['application/json', 'text/xml', 'text/plain'],
  },
} as const

export const notificationDoors: readonly Door[] = [
  {
    ...described,
    path: '/payments/:channel/notify',
    operationId: 'takeNotification',
    summary: { en: 'Where a channel tells what happened; its signature is the credential', zh: '渠道的回调地址；以渠道签名为凭证' },
  },
  {
    ...described,
    path: '/payments/:channel/notify/:account',
    operationId: 'takeNotificationOfAccount',
    summary: { en: 'The same for an account other than the default one', zh: '非默认账户的回调地址' },
  },
]

/** Addresses that merchants registered with the systems this one takes the place of; they go on working. */
export const formerDoors = [
  { path: '/wechat/callback', channel: 'wechat' },
  { path: '/alipay/callback', channel: 'alipay' },
  { path: '/api/:app/pays/services/PaySvc/wechatNotify', channel: 'wechat' },
] as const

export function mountFormerAddresses(router: Router, notifications: Notifications): void {
  for (const { path, channel } of formerDoors)
    router.post(path, async (ctx: Context) => {
      ctx.state.route = `POST ${path}`
      await take(ctx, notifications, channel, undefined)
    })
}

/** Where channels tell what happened: the raw bytes, before any body parser, and their own answer. */
export function mountNotifications(router: Router, notifications: Notifications): void {
  router.post(
    notificationDoors.map(({ path }) => path),
    async (ctx: Context) => {
      ctx.state.route = 'POST /api/v1/payments/:channel/notify'
      const channel = channelNames.find((name) => name === ctx.params.channel)
      const account = ctx.params.account === undefined ? undefined : readName('AccountId', ctx.params.account)
      if (!channel || (ctx.params.account !== undefined && !account)) throw new AppError('NOT_FOUND', 'no such address')
      await take(ctx, notifications, channel, account)
    },
  )
}

async function take(ctx: Context, notifications: Notifications, channel: ChannelName, account: AccountId | undefined): Promise<void> {
  const answer = await notifications.take(channel, account, { headers: headersOf(ctx), body: await rawBody(ctx) })
  ctx.status = answer.status
  if (answer.contentType !== undefined) ctx.type = answer.contentType
  ctx.body = answer.body === '' ? null : answer.body
  // Setting an empty body makes Koa say 204 of itself; the channel's own status stands.
  ctx.status = answer.status
}

/** Names in lower case; one that came twice is joined, and so can be told from one that did not. */
function headersOf(ctx: Context): Record<string, string | undefined> {
  const seen = new Map<string, string[]>()
  const raw = ctx.req.rawHeaders
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? '').toLowerCase()
    seen.set(name, [...(seen.get(name) ?? []), raw[at + 1] ?? ''])
  }
  return Object.fromEntries([...seen].map(([name, values]) => [name, values.join(', ')]))
}

async function rawBody(ctx: Context): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of ctx.req) {
    bytes += chunk.length
    if (bytes > bodyMaxBytes) throw new AppError('INVALID_REQUEST', `a notification has at most ${bodyMaxBytes} bytes`, { status: 413 })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
