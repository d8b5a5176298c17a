import type { Notice } from '../../../shared/api/pay-page.ts'
import type { ChannelName } from '../../../shared/kernel/pay.ts'
import type { PageLanguage, Trouble } from '../../../shared/kernel/pay-page.ts'

/** Every word a payer sees, one column a language. */
export type PageWords = {
  readonly language: string
  readonly skip: string
  readonly payTo: string
  readonly order: string
  readonly channels: Readonly<Record<ChannelName, string>>
  readonly wallets: Readonly<Record<ChannelName, string>>
  readonly choose: string
  readonly pay: (amount: string) => string
  readonly showCode: string
  readonly otherWay: string
  readonly starting: string
  readonly stillStarting: string
  readonly scan: (wallet: string) => string
  readonly scanHint: string
  readonly codeLabel: (wallet: string) => string
  readonly waiting: string
  readonly timeLeft: string
  readonly codeLeft: string
  readonly left: (wallet: string) => string
  readonly confirming: string
  readonly confirmingHint: string
  readonly iHavePaid: string
  readonly payAgain: string
  readonly asking: string
  readonly notYet: string
  readonly notAsked: string
  readonly notPaid: string
  readonly paid: string
  readonly paidAt: string
  readonly paidBy: string
  readonly amountPaid: string
  readonly refundedPart: string
  readonly refundedFull: string
  readonly refunding: string
  readonly refunded: string
  readonly refundHint: string
  readonly closed: string
  readonly closedHint: string
  readonly expired: string
  readonly failed: string
  readonly failedHint: string
  readonly backToShop: string
  readonly offline: string
  readonly noScript: string
  readonly noWay: Readonly<Record<'wechat' | 'miniprogram' | 'alipay' | 'other', { readonly title: string; readonly hint: string }>>
  readonly copyLink: string
  readonly copied: string
  readonly troubles: Readonly<Record<Trouble, string>>
  readonly notices: Readonly<Record<Notice, { readonly title: string; readonly hint: string }>>
  readonly secured: string
}

const zhCN: PageWords = {
  language: '简体',
  skip: '跳到付款',
  payTo: '付款给',
  order: '订单号',
  channels: { wechat: '微信支付', qfpay: '微信支付', alipay: '支付宝' },
  wallets: { wechat: '微信', qfpay: '微信', alipay: '支付宝' },
  choose: '选择付款方式',
  pay: (amount) => `支付 ${amount}`,
  showCode: '显示付款二维码',
  otherWay: '换一种付款方式',
  starting: '正在连接，请稍候…',
  stillStarting: '网络有点慢，还在连接…',
  scan: (wallet) => `请用${wallet}扫一扫付款`,
  scanHint: '付款完成后，本页会自动更新',
  codeLabel: (wallet) => `${wallet}付款二维码`,
  waiting: '等待付款',
  timeLeft: '剩余付款时间',
  codeLeft: '二维码有效时间',
  left: (wallet) => `正在打开${wallet}…`,
  confirming: '正在确认付款结果',
  confirmingHint: '如已付款，结果通常在几秒内到达，请勿重复付款。',
  iHavePaid: '我已完成付款',
  payAgain: '还没付，继续付款',
  asking: '正在查询…',
  notYet: '暂未收到付款。如果已经付款，请稍等片刻再查询。',
  notAsked: '暂时查询不到付款结果。请检查网络后再试；如果已经付款，款项不会丢失。',
  notPaid: '付款未完成，您可以重新付款。',
  paid: '支付成功',
  paidAt: '付款时间',
  paidBy: '付款方式',
  amountPaid: '实付金额',
  refundedPart: '已部分退款',
  refundedFull: '已全额退款',
  refunding: '退款处理中',
  refunded: '已退金额',
  refundHint: '款项将原路退回，到账时间以银行为准。',
  closed: '订单已关闭',
  closedHint: '这笔订单不能再付款，如需购买请向商家重新下单。',
  expired: '付款时间已过',
  failed: '支付失败',
  failedHint: '这次付款没有成功，如需购买请向商家重新下单。',
  backToShop: '返回商家',
  offline: '网络已断开，恢复后会自动更新。',
  noScript: '浏览器未启用脚本：本页每隔几秒自动刷新，直到有付款结果。',
  noWay: {
    wechat: { title: '请换个浏览器打开', hint: '这笔订单不能在微信内付款。请点右上角“…”，选择“在浏览器打开”。' },
    miniprogram: { title: '请在浏览器中打开', hint: '小程序的网页里不能付款。请复制链接，在手机浏览器或微信聊天中打开。' },
    alipay: { title: '请换个浏览器打开', hint: '这笔订单不能在支付宝内付款。请复制链接，在微信或手机浏览器中打开。' },
    other: { title: '暂时没有可用的付款方式', hint: '请换一台设备打开此链接，或联系商家。' },
  },
  copyLink: '复制链接',
  copied: '已复制',
  troubles: {
    login: '没能获取您的微信身份。若页面底部有“使用完整服务”，请先点它，再重新付款。',
    network: '网络连接不上，没有发起付款。请检查网络后再试。',
    channel: '支付渠道暂时没有响应，没有发起扣款。请稍后再试。',
    busy: '上一次付款还在处理中，请稍等片刻再试。',
    rate: '操作过于频繁，请稍后再试。',
    way: '这种付款方式在当前浏览器不可用，请换一种方式，或换个浏览器打开。',
    script: '页面还没有加载完整，没有发起扣款。请刷新后再试。',
    session: '页面已过期，请刷新后再试。',
    other: '暂时无法付款，请稍后再试。',
  },
  notices: {
    notFound: { title: '找不到这笔订单', hint: '链接不完整或已失效，请向商家索取新的付款链接。' },
    tooMany: { title: '尝试次数过多', hint: '请过一分钟再打开。' },
    loginFailed: { title: '登录没有完成', hint: '这次登录已失效或已使用过。请回到付款链接重新打开。' },
    trouble: { title: '页面暂时打不开', hint: '请稍后再试。如果已经付款，款项不会丢失。' },
  },
  secured: '付款由支付渠道完成，本页不接触您的支付密码',
}

const zhHK: PageWords = {
  ...zhCN,
  language: '繁體',
  skip: '跳到付款',
  payTo: '付款給',
  order: '訂單編號',
  channels: { wechat: '微信支付', qfpay: '微信支付', alipay: '支付寶' },
  wallets: { wechat: '微信', qfpay: '微信', alipay: '支付寶' },
  choose: '選擇付款方式',
  pay: (amount) => `支付 ${amount}`,
  showCode: '顯示付款二維碼',
  otherWay: '換一種付款方式',
  starting: '正在連接，請稍候…',
  stillStarting: '網絡有點慢，仍在連接…',
  scan: (wallet) => `請用${wallet}掃一掃付款`,
  scanHint: '付款完成後，本頁會自動更新',
  codeLabel: (wallet) => `${wallet}付款二維碼`,
  waiting: '等待付款',
  timeLeft: '剩餘付款時間',
  codeLeft: '二維碼有效時間',
  left: (wallet) => `正在開啟${wallet}…`,
  confirming: '正在確認付款結果',
  confirmingHint: '如已付款，結果通常在幾秒內到達，請勿重複付款。',
  iHavePaid: '我已完成付款',
  payAgain: '尚未付款，繼續付款',
  asking: '正在查詢…',
  notYet: '暫未收到付款。如果已經付款，請稍等片刻再查詢。',
  notAsked: '暫時查詢不到付款結果。請檢查網絡後再試；如果已經付款，款項不會丟失。',
  notPaid: '付款未完成，您可以重新付款。',
  paid: '付款成功',
  paidAt: '付款時間',
  paidBy: '付款方式',
  amountPaid: '實付金額',
  refundedPart: '已部分退款',
  refundedFull: '已全額退款',
  refunding: '退款處理中',
  refunded: '已退金額',
  refundHint: '款項將原路退回，到賬時間以銀行為準。',
  closed: '訂單已關閉',
  closedHint: '這筆訂單不能再付款，如需購買請向商戶重新下單。',
  expired: '付款時間已過',
  failed: '付款失敗',
  failedHint: '這次付款沒有成功，如需購買請向商戶重新下單。',
  backToShop: '返回商戶',
  offline: '網絡已中斷，恢復後會自動更新。',
  noScript: '瀏覽器未啟用腳本：本頁每隔幾秒自動重新整理，直到有付款結果。',
  noWay: {
    wechat: { title: '請換個瀏覽器開啟', hint: '這筆訂單不能在微信內付款。請按右上角「…」，選擇「在瀏覽器開啟」。' },
    miniprogram: { title: '請在瀏覽器中開啟', hint: '小程序的網頁裡不能付款。請複製連結，在手機瀏覽器或微信聊天中開啟。' },
    alipay: { title: '請換個瀏覽器開啟', hint: '這筆訂單不能在支付寶內付款。請複製連結，在微信或手機瀏覽器中開啟。' },
    other: { title: '暫時沒有可用的付款方式', hint: '請換一部裝置開啟此連結，或聯絡商戶。' },
  },
  copyLink: '複製連結',
  copied: '已複製',
  troubles: {
    login: '未能取得您的微信身份。若頁面底部有「使用完整服務」，請先按它，再重新付款。',
    network: '網絡連接不上，沒有發起付款。請檢查網絡後再試。',
    channel: '支付渠道暫時沒有回應，沒有發起扣款。請稍後再試。',
    busy: '上一次付款仍在處理中，請稍等片刻再試。',
    rate: '操作過於頻繁，請稍後再試。',
    way: '這種付款方式在目前的瀏覽器不可用，請換一種方式，或換個瀏覽器開啟。',
    script: '頁面尚未載入完整，沒有發起扣款。請重新整理後再試。',
    session: '頁面已過期，請重新整理後再試。',
    other: '暫時無法付款，請稍後再試。',
  },
  notices: {
    notFound: { title: '找不到這筆訂單', hint: '連結不完整或已失效，請向商戶索取新的付款連結。' },
    tooMany: { title: '嘗試次數過多', hint: '請過一分鐘再開啟。' },
    loginFailed: { title: '登入沒有完成', hint: '這次登入已失效或已使用過。請回到付款連結重新開啟。' },
    trouble: { title: '頁面暫時無法開啟', hint: '請稍後再試。如果已經付款，款項不會丟失。' },
  },
  secured: '付款由支付渠道完成，本頁不接觸您的支付密碼',
}

const en: PageWords = {
  language: 'English',
  skip: 'Skip to payment',
  payTo: 'Pay',
  order: 'Order',
  channels: { wechat: 'WeChat Pay', qfpay: 'WeChat Pay', alipay: 'Alipay' },
  wallets: { wechat: 'WeChat', qfpay: 'WeChat', alipay: 'Alipay' },
  choose: 'Choose how to pay',
  pay: (amount) => `Pay ${amount}`,
  showCode: 'Show the QR code',
  otherWay: 'Pay another way',
  starting: 'Connecting…',
  stillStarting: 'The network is slow, still connecting…',
  scan: (wallet) => `Scan with ${wallet} to pay`,
  scanHint: 'This page updates by itself once you have paid',
  codeLabel: (wallet) => `QR code to pay with ${wallet}`,
  waiting: 'Waiting for payment',
  timeLeft: 'Time left',
  codeLeft: 'This code is good for',
  left: (wallet) => `Opening ${wallet}…`,
  confirming: 'Confirming your payment',
  confirmingHint: 'If you have paid, this takes a few seconds. Please do not pay twice.',
  iHavePaid: 'I have paid',
  payAgain: 'Not paid yet, continue',
  asking: 'Checking…',
  notYet: 'No payment has arrived so far. If you have paid, wait a moment and ask again.',
  notAsked: 'We could not check just now. Look at your connection and try again; if you have paid, your money is not lost.',
  notPaid: 'The payment was not completed. You can try again.',
  paid: 'Payment successful',
  paidAt: 'Paid at',
  paidBy: 'Paid with',
  amountPaid: 'Amount paid',
  refundedPart: 'Partly refunded',
  refundedFull: 'Refunded in full',
  refunding: 'Refund under way',
  refunded: 'Refunded',
  refundHint: 'The money goes back the way it came; the bank decides how long that takes.',
  closed: 'This order is closed',
  closedHint: 'It can no longer be paid. Please order again from the merchant.',
  expired: 'The time to pay is over',
  failed: 'Payment failed',
  failedHint: 'This payment did not go through. Please order again from the merchant.',
  backToShop: 'Back to the merchant',
  offline: 'You are offline. The page goes on when the network is back.',
  noScript: 'Scripts are switched off: this page reloads every few seconds until there is a result.',
  noWay: {
    wechat: {
      title: 'Open this page in a browser',
      hint: 'This order cannot be paid inside WeChat. Tap “…” at the top right and choose “Open in browser”.',
    },
    miniprogram: {
      title: 'Open this page in a browser',
      hint: 'Pages inside a mini-program cannot take payments. Copy the link and open it in your browser or in a WeChat chat.',
    },
    alipay: {
      title: 'Open this page elsewhere',
      hint: 'This order cannot be paid inside Alipay. Copy the link and open it in WeChat or in your browser.',
    },
    other: { title: 'No way to pay is available here', hint: 'Open this link on another device, or ask the merchant.' },
  },
  copyLink: 'Copy the link',
  copied: 'Copied',
  troubles: {
    login: 'WeChat did not tell us who you are. If “use full service” is shown at the bottom, tap it first, then pay again.',
    network: 'No connection: nothing was charged. Look at your network and try again.',
    channel: 'The payment channel does not answer at the moment. Nothing was charged; please try again shortly.',
    busy: 'Your last try is still being processed. Please wait a moment.',
    rate: 'Too many tries. Please wait a moment.',
    way: 'This way to pay cannot be used here. Please choose another, or open the link in another browser.',
    script: 'The page had not loaded completely. Nothing was charged; please reload it and try again.',
    session: 'This page is out of date. Please reload it and try again.',
    other: 'The payment cannot be started right now. Please try again shortly.',
  },
  notices: {
    notFound: {
      title: 'This order cannot be found',
      hint: 'The link is incomplete or no longer valid. Please ask the merchant for a new one.',
    },
    tooMany: { title: 'Too many tries', hint: 'Please come back in a minute.' },
    loginFailed: { title: 'The login was not completed', hint: 'It has ended, or was used already. Please open the payment link again.' },
    trouble: { title: 'This page cannot be shown right now', hint: 'Please try again shortly. If you have paid, your money is not lost.' },
  },
  secured: 'You pay in your wallet; this page never sees your password',
}

const all: Readonly<Record<PageLanguage, PageWords>> = { 'zh-CN': zhCN, 'zh-HK': zhHK, en }

export function wordsIn(language: PageLanguage): PageWords {
  return all[language]
}
