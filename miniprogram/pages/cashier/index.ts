import { payOrder } from '../../services/pay'
import { sentenceOf, theShop } from '../../services/shop'
import { pause, requestPayment } from '../../services/wx-promises'

/** The order as the server made it, and the one button that pays it. */
Page({
  data: {
    state: 'loading',
    message: '',
    orderId: '',
    subject: '',
    amount: '',
    isPaying: false,
    problem: '',
    texts: {} as ReturnType<typeof theShop>['texts'],
  },

  onLoad({ order = '' }: Record<string, string | undefined>) {
    const { texts } = theShop()
    this.setData({ texts, orderId: order, message: texts.loading })
  },

  /** Also on the way back from the payment: the order may be decided by now. */
  onShow() {
    if (!this.data.isPaying) void this.load()
  },

  async load() {
    const { api, texts } = theShop()
    try {
      const { subject, amount, status } = await api.order(this.data.orderId)
      if (status !== 'pending') return this.showResult()
      this.setData({ state: 'ready', subject, amount: `¥${amount}` })
    } catch (error) {
      this.setData({ state: 'failed', message: sentenceOf(error, texts.failed) })
    }
  },

  onRetry() {
    this.setData({ state: 'loading', message: this.data.texts.loading })
    void this.load()
  },

  async onPay() {
    if (this.data.isPaying) return
    const { api, texts } = theShop()
    this.setData({ isPaying: true, problem: '' })
    try {
      const outcome = await payOrder({ api, requestPayment, pause }, this.data.orderId)
      if (outcome.is === 'cancelled') this.setData({ problem: texts.cancelled })
      else if (outcome.is === 'failed') this.setData({ problem: outcome.message || texts.payFailed })
      else this.showResult()
    } finally {
      this.setData({ isPaying: false })
    }
  },

  showResult() {
    wx.redirectTo({ url: `/pages/result/index?order=${this.data.orderId}` })
  },
})
