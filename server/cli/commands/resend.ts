import { readName } from '../../../shared/kernel/ids.ts'
import { presentEvent } from '../../http/present-webhook.ts'
import { type Command, UsageError } from '../command.ts'
import { merchantOf, merchantOption } from '../merchant.ts'
import { withApp } from '../open-app.ts'

export const resend: Command = {
  name: 'resend',
  usage: '<eventId> [--merchant mer_default]',
  words: 1,
  isActing: true,
  options: merchantOption,
  does: {
    zh: '把一个事件重新发给它的 Webhook 地址（由运行中的服务发出）',
    en: 'Tells an event to its webhook endpoints once more; a running server sends it',
  },
  run: async (call) => {
    const eventId = readName('EventId', call.words[0] ?? '')
    if (!eventId) throw new UsageError(`${call.words[0] ?? ''} is no event’s id`)
    const view = await withApp(call, (app) => app.events.resend(merchantOf(call), eventId))
    const rows = view.deliveries.map(({ delivery, tries }) => `  ${delivery.endpointId}  ${delivery.status}  ${tries.length}\n`)
    return { text: `${view.event.eventId}  ${view.event.type}\n${rows.join('')}`, json: presentEvent(view) }
  },
}
