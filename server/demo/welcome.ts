import type { CashierLinks } from './orders-to-pay.ts'

/** What a newcomer is told: where things are, and commands that pay an order, to be pasted as they are. */
export function welcome({
  origin,
  emulatorOrigin,
  apiKey,
  links,
}: {
  origin: string
  emulatorOrigin: string
  apiKey: string
  links: CashierLinks | undefined
}): string {
  return `
Shouyin is running in demo mode: no account is needed, no real money moves.

  API                ${origin}/api/v1      (merchant key: ${apiKey})
  API docs           ${origin}/docs
  The payer's phone  ${emulatorOrigin}/phone
  The channel        ${emulatorOrigin}/_emulator/state
${links === undefined ? '' : addresses(links)}
Accounts there are; an order of a merchant's server is paid at one by "channel" and "account" in POST /orders/:orderId/pay:

  wechat                           WeChat Pay v3, a merchant of his own
  wechat, account wechat-partner   WeChat Pay v2, a merchant of a service provider (./data/pays)
  alipay                           Alipay
  qfpay                            QFPay, for orders in HKD

Pay an order from another terminal (paste all of it):

${commands(origin, emulatorOrigin)}

The order is paid at the phone page as well: leave out the step that pays and open ${emulatorOrigin}/phone
To use your own WeChat Pay account see "Going live" in README.md. Stop with Ctrl+C; everything is kept in ./data.
`
}

/** One order each, to be opened in a browser; on a phone, or as one in the developer tools, the first leads out to the channel. */
function addresses({ h5, qr }: CashierLinks): string {
  return `
  H5 cashier         ${h5}
  QR cashier page    ${qr}
`
}

function commands(origin: string, emulatorOrigin: string): string {
  const json = `-H 'content-type: application/json'`
  const session = `-H "authorization: Bearer $TOKEN"`
  return [
    '# log in: the code that wx.login would give, then a session',
    `CODE=$(curl -s ${emulatorOrigin}/_emulator/codes ${json} -d '{"payer":"alice"}' | grep -o '"code":"[^"]*' | cut -d'"' -f4)`,
    `TOKEN=$(curl -s ${origin}/api/v1/cashier/session ${json} -d "{\\"code\\":\\"$CODE\\",\\"app\\":\\"miniprogram\\"}" | grep -o '"token":"[^"]*' | cut -d'"' -f4)`,
    "# order two cakes; the price is the server's",
    `ORDER=$(curl -s ${origin}/api/v1/cashier/orders ${session} ${json} -d '{"items":[{"productId":"cake","quantity":2}]}' | grep -o '"orderId":"[^"]*' | head -1 | cut -d'"' -f4)`,
    '# ask for the payment: what wx.requestPayment takes',
    `curl -s ${origin}/api/v1/cashier/orders/$ORDER/pay ${session} ${json} -d '{"payType":"MINIPROGRAM"}'; echo`,
    '# the payer pays; WeChat Pay notifies; the order is paid',
    `curl -s ${emulatorOrigin}/_emulator/payments/$ORDER ${json} -d '{"do":"pay"}'; echo; sleep 1`,
    `curl -s ${origin}/api/v1/cashier/orders/$ORDER ${session}; echo`,
  ].join('\n')
}
