const words = {
  zh: {
    title: '付款人的手机',
    payer: '付款人',
    codeLabel: '扫一扫：粘贴二维码内容、H5 链接或订单号',
    scan: '识别',
    pay: '确认支付',
    refuse: '放弃支付',
    back: '返回商家',
    waiting: '等待支付',
    nothing: '暂时没有等待支付的订单',
    showCode: '付款码',
    show: '出示',
    counterNote: '一分钟内有效，只能用一次：交给收银台的 authCode',
    wechat: '微信',
    alipay: '支付宝',
    qfpay: '微信（QFPay 收款）',
    footer: '这是模拟的支付渠道，不会产生真实的扣款。',
    merchant: '商户',
    paid: '支付成功',
    refused: '已放弃，订单仍可支付',
    already: '这笔订单不能再支付',
    unknown: '不认识这个码，或已有更新的码取代了它',
    language: 'EN',
  },
  en: {
    title: 'The payer’s phone',
    payer: 'Payer',
    codeLabel: 'Scan: paste a code, an H5 link or an order number',
    scan: 'Read',
    pay: 'Pay',
    refuse: 'Do not pay',
    back: 'Back to the shop',
    waiting: 'Waiting to be paid',
    nothing: 'Nothing is waiting to be paid',
    showCode: 'Payment code',
    show: 'Show',
    counterNote: 'Good for a minute and for one payment: it is the authCode of the counter',
    wechat: 'WeChat',
    alipay: 'Alipay',
    qfpay: 'WeChat (taken by QFPay)',
    footer: 'These are emulated payment channels. No real money moves.',
    merchant: 'Merchant',
    paid: 'Paid',
    refused: 'Not paid; the order can still be paid',
    already: 'This order can no longer be paid',
    unknown: 'This code is not known, or a newer one took its place',
    language: '中文',
  },
}
const at = (id) => document.getElementById(id)
let language = localStorage.getItem('language') === 'en' ? 'en' : 'zh'
let shown

function speak() {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
  for (const element of document.querySelectorAll('[data-words]')) element.textContent = words[language][element.dataset.words]
  at('language').textContent = words[language].language
  if (shown) show(shown)
}

/** Minor units as people write them; how many digits a currency has, the browser knows. */
function money({ total, currency = 'CNY' }) {
  const format = new Intl.NumberFormat(language === 'zh' ? 'zh-CN' : 'en', {
    style: 'currency',
    currency,
    currencyDisplay: currency === 'CNY' ? 'narrowSymbol' : 'symbol',
  })
  const { maximumFractionDigits: digits } = format.resolvedOptions()
  const text = String(total).padStart(digits + 1, '0')
  return format.format(digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`)
}

async function ask(path, body) {
  const answer = await fetch(
    path,
    body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
  )
  const value = await answer.json()
  if (answer.status === 404) throw new Error(words[language].unknown)
  if (!answer.ok) throw new Error(value.error ?? answer.statusText)
  return value
}

function say(text, kind) {
  at('message').textContent = text
  at('message').className = kind
}

function show(payment) {
  shown = payment
  at('channel').textContent = channelName(payment)
  at('merchant').textContent = `${words[language].merchant} ${payment.merchant}`
  at('description').textContent = payment.description
  at('amount').textContent = money(payment)
  at('number').textContent = payment.outTradeNo
  at('sheet').hidden = false
  const payable = payment.tradeState === 'NOTPAY' || payment.tradeState === 'USERPAYING'
  at('pay').disabled = !payable
  at('pay').hidden = at('refuse').hidden = !payable
}

function channelName({ channel = 'wechat' }) {
  return channel === 'qfpay' ? 'QFPay' : words[language][channel]
}

async function scan(code) {
  try {
    const payment = await ask(`/_emulator/scan?code=${encodeURIComponent(code)}`)
    say(payment.tradeState === 'NOTPAY' || payment.tradeState === 'USERPAYING' ? '' : words[language].already, 'bad')
    show(payment)
    at('pay').focus()
  } catch (error) {
    at('sheet').hidden = true
    say(error.message, 'bad')
  }
}

async function act(what, done, kind) {
  at('pay').disabled = true
  try {
    const payment = await ask(`/_emulator/payments/${encodeURIComponent(shown.outTradeNo)}`, { do: what, payer: at('payer').value })
    say(words[language][done], kind)
    show({ ...shown, tradeState: payment.tradeState })
  } catch (error) {
    say(error.message, 'bad')
    at('pay').disabled = false
  }
  await refresh()
}

async function showCode() {
  try {
    const { code } = await ask('/_emulator/payment-codes', { wallet: at('wallet').value, payer: at('payer').value })
    at('counter-code').textContent = code.replace(/(\d{4})(?=\d)/g, '$1 ')
    at('counter-code').hidden = at('counter-note').hidden = false
  } catch (error) {
    say(error.message, 'bad')
  }
}

async function refresh() {
  const { payments } = await ask('/_emulator/state')
  const waiting = payments
    .filter((one) => one.tradeState === 'NOTPAY' || one.tradeState === 'USERPAYING')
    .slice(-20)
    .reverse()
  at('nothing').hidden = waiting.length > 0
  at('waiting').replaceChildren(
    ...waiting.map((one) => {
      const item = document.createElement('li')
      const button = document.createElement('button')
      const what = document.createElement('span')
      const sum = document.createElement('span')
      what.className = 'what'
      sum.className = 'sum'
      what.textContent = `${one.description} · ${channelName(one)}`
      sum.textContent = money(one)
      button.type = 'button'
      button.append(what, sum)
      button.addEventListener('click', () => void scan(one.outTradeNo))
      item.append(button)
      return item
    }),
  )
}

at('scan').addEventListener('submit', (event) => {
  event.preventDefault()
  void scan(at('code').value)
})
at('counter').addEventListener('submit', (event) => {
  event.preventDefault()
  void showCode()
})
at('pay').addEventListener('click', () => void act('pay', 'paid', 'good'))
at('refuse').addEventListener('click', () => void act('fail', 'refused', ''))
at('language').addEventListener('click', () => {
  language = language === 'zh' ? 'en' : 'zh'
  localStorage.setItem('language', language)
  speak()
  refreshQuietly()
})
speak()
const query = new URLSearchParams(location.search)
const given = query.get('prepay_id') ?? query.get('code')
if (given) void scan(given)
const back = query.get('redirect_url')
if (back && /^https?:\/\//.test(back)) {
  at('back').href = back
  at('back').hidden = false
}
const refreshQuietly = () => void (document.hidden || refresh().catch(() => {}))
refreshQuietly()
setInterval(refreshQuietly, 2000)
