import { type OrderId, type RefundId, readOrderId, readRefundId } from '../../../shared/kernel/ids.ts'
import { type Currency, isMoneyProblem, type Money, readMoney } from '../../../shared/kernel/money.ts'
import { presentRefund } from '../../http/present.ts'
import { type Call, type Command, UsageError } from '../command.ts'
import { merchantOf, merchantOption } from '../merchant.ts'
import { withApp } from '../open-app.ts'
import { refundText } from '../order-text.ts'

export const refund: Command = {
  name: 'refund',
  usage: '<orderId> [--amount 9.99] [--reason text] [--refund-id id] [--merchant mer_default]',
  words: 1,
  isActing: true,
  options: { ...merchantOption, amount: { type: 'string' }, reason: { type: 'string' }, 'refund-id': { type: 'string' } },
  does: {
    zh: '退款；不写金额即退剩余全部。重复执行时给出同一个 --refund-id，只会退一次',
    en: 'Refunds an order, all that is left without --amount. Repeated with the same --refund-id it is the same refund',
  },
  run: async (call) => {
    const orderId = readOrderId(call.words[0] ?? '')
    if (!orderId) throw new UsageError(`${call.words[0] ?? ''} is no order number`)
    const refundId = refundIdOf(call)
    assertAmount(call.value('amount'))
    const made = await withApp(call, async (app) => {
      const { order } = await app.orders.get(merchantOf(call), orderId)
      const amount = amountOf(call, order.amount.currency)
      return app.refunds.request(merchantOf(call), orderId, { amount, reason: call.value('reason'), refundId })
    })
    const isLost = made.status === 'failed' || made.status === 'closed' || made.status === 'abnormal'
    return {
      isGood: !isLost,
      text: `${refundText(made, call.language)}\n${again(made.refundId, orderId, call)}`,
      json: presentRefund(made),
    }
  },
}

function refundIdOf(call: Call): RefundId | undefined {
  const said = call.value('refund-id')
  const refundId = said === undefined ? undefined : readRefundId(said)
  if (said !== undefined && !refundId) throw new UsageError(`${said} is no refund number: 1 to 64 letters, digits, _, - and *`)
  return refundId
}

/** Its form; how many decimals it may have is known once the order's currency is. */
function assertAmount(said: string | undefined): void {
  if (said !== undefined && !/^\d{1,15}(\.\d{1,4})?$/.test(said)) throw new UsageError(`--amount is ${said}; for example 9.99`)
}

function amountOf(call: Call, currency: Currency): Money | undefined {
  const said = call.value('amount')
  if (said === undefined) return undefined
  const amount = readMoney(said, currency)
  if (isMoneyProblem(amount)) throw new UsageError(`--amount ${amount.problem}`)
  return amount
}

/** How to ask about it, or repeat it after a crash, without refunding twice. */
function again(refundId: RefundId, orderId: OrderId, { language }: Call): string {
  const repeat = `npx shouyin refund ${orderId} --refund-id ${refundId}`
  return language === 'zh' ? `查看或重复（不会重复退款）：${repeat}\n` : `To look again or repeat, without refunding twice: ${repeat}\n`
}
