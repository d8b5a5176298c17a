import { readOrderId } from '../../../shared/kernel/ids.ts'
import { presentOrder } from '../../http/present.ts'
import { type Command, UsageError } from '../command.ts'
import { merchantOf, merchantOption } from '../merchant.ts'
import { withApp } from '../open-app.ts'
import { orderText } from '../order-text.ts'

export const check: Command = {
  name: 'check',
  usage: '<orderId> [--merchant mer_default]',
  options: merchantOption,
  words: 1,
  isActing: true,
  does: { zh: '立即向渠道查询订单并按结果处理', en: 'Asks the channel about an order now, and applies what it says' },
  run: async (call) => {
    const orderId = readOrderId(call.words[0] ?? '')
    if (!orderId) throw new UsageError(`${call.words[0] ?? ''} is no order number`)
    return withApp(call, async (app) => {
      const view = await app.checks.check(merchantOf(call), orderId)
      return { text: orderText(view, call.language), json: presentOrder(view, app.cashierUrl) }
    })
  },
}
