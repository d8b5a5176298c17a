import type { OrderAnswer } from '../api/client.ts'
import type { AccountAnswer, AttemptAnswer, PayOrder } from './answers.ts'
import { ApiError } from './api-error.ts'
import type { MerchantClient } from './merchant-client.ts'

/** The element's own words for the ways to pay; the client's are taken as well. */
type PayTypeWord = PayOrder['payType']

export type FormerElement = Awaited<ReturnType<typeof openFormerElement>>

/**
 * The functions of the WeChat Pay V2 element, for code that was written against it: same names, same arguments, same answers, each a
 * promise. What it kept in its own two tables is kept by the server.
 *
 * @param account the account it stands for; the default one of WeChat when absent.
 * @throws ApiError as the client does; Error when the server has no such account.
 */
export async function openFormerElement(
  client: MerchantClient,
  { channel = 'wechat', account = 'default' }: { readonly channel?: AccountAnswer['channel']; readonly account?: string } = {},
) {
  const { items } = await client.accounts.list()
  const mine = items.find((one) => one.channel === channel && one.account === account)
  if (mine === undefined) throw new Error(`the server has no account ${account} of ${channel}`)
  const { appId, mchId, notifyUrl } = mine
  return {
    fullName: `${channel}.${account}`,
    appId,
    mchId,
    /** No key is in it: keys do not leave the server. */
    config: Object.freeze({ appId, mchId, notifyUrl }),
    ...orderFunctions(client, { channel, account }),
    generateOrderId: async (): Promise<string> => (await client.orderNumbers.draw()).orderId,
    getNotifyUrl: (): string => notifyUrl,
    /** The callback's XML as it came; what to answer with. `isTaken`: it was believed and dealt with. */
    notify: async (xml: string): Promise<{ isTaken: boolean; answer: string }> => {
      const { status, text = '' } = await client.notifications.forward({ channel, account }, { contentType: 'text/xml', text: xml })
      return { isTaken: status < 300, answer: text }
    },
  }
}

function orderFunctions(client: MerchantClient, at: Pick<AccountAnswer, 'channel' | 'account'>) {
  return { create, getPayUrl, check, cancel, checkThird, cancelThird }

  /** @param amount in yuan, such as `"99.99"`. @param orderId one is made when it is absent. */
  function create(subject: string, amount: string | number, orderId?: string): Promise<OrderAnswer> {
    return client.orders.create({ subject, amount, ...(orderId === undefined ? {} : { orderId }) })
  }

  /** @returns `payUrl` is what a QR code says, or an address to open; `form` is empty where there is none. */
  async function getPayUrl(orderId: string, payType: PayTypeWord = 'NATIVE'): Promise<{ payUrl: string; form: string }> {
    const { payUrl, form } = await client.orders.pay(orderId, { ...at, payType })
    return { payUrl: payUrl ?? '', form: form ?? '' }
  }

  /** Asks the channel now. @returns whether the order is paid. */
  async function check(orderId: string): Promise<boolean> {
    return (await client.orders.check(orderId)).status === 'succeeded'
  }

  /** Ends the order at the channel and here. @returns false when it is paid, or being paid at this moment. */
  async function cancel(orderId: string): Promise<boolean> {
    return endsIt(async () => (await client.orders.cancel(orderId)).status === 'closed')
  }

  /** Asks the channel about one payment. @returns the record of it, brought up to date. */
  async function checkThird({ orderId, outTradeNo }: { readonly orderId: string; readonly outTradeNo?: string }): Promise<AttemptAnswer> {
    const { attempts } = await client.orders.check(orderId)
    const record = attempts.findLast((attempt) => outTradeNo === undefined || attempt.outTradeNo === outTradeNo)
    if (record === undefined)
      throw new ApiError('NOT_FOUND', `order ${orderId} has no payment ${outTradeNo ?? ''}`.trimEnd(), { status: 404 })
    return record
  }

  /** Ends the payment at the channel; the order stays and may be paid anew. @returns false when it is paid, or being paid. */
  async function cancelThird(orderId: string): Promise<boolean> {
    const { attempts } = await client.orders.get(orderId)
    const last = attempts.at(-1)
    if (last === undefined) return true
    return endsIt(async () => {
      await client.orders.closeAttempt(orderId, last.outTradeNo)
      return true
    })
  }
}

/** What is paid, or is being paid, is not ended: that is an answer here, and no failure. */
async function endsIt(end: () => Promise<boolean>): Promise<boolean> {
  try {
    return await end()
  } catch (error) {
    if (error instanceof ApiError && (error.code === 'ORDERPAID' || error.code === 'CONFLICT')) return false
    throw error
  }
}
