import type { OrderAnswer } from '../../generated/shared'
import { clock, presentOrderLine, presentRefundLine } from '../../services/present'
import { sentenceOf, theShop } from '../../services/shop'
import { language } from '../../services/wx-promises'

/** One order: what it is, what became of it, and what can still be done. */
Page({
  data: {
    state: 'loading',
    message: '',
    orderId: '',
    order: {} as ReturnType<typeof presentOrderLine>,
    paidAt: '',
    refunds: [] as ReturnType<typeof presentRefundLine>[],
    isCancelling: false,
    problem: '',
    texts: {} as ReturnType<typeof theShop>['texts'],
  },

  onLoad({ order = '' }: Record<string, string | undefined>) {
    const { texts } = theShop()
    this.setData({ texts, orderId: order, message: texts.loading })
  },

  onShow() {
    void this.load()
  },

  async onPullDownRefresh() {
    await this.load()
    wx.stopPullDownRefresh()
  },

  async load() {
    const { api, texts } = theShop()
    try {
      this.show(await api.order(this.data.orderId))
    } catch (error) {
      this.setData({ state: 'failed', message: sentenceOf(error, texts.failed) })
    }
  },

  show(order: OrderAnswer) {
    this.setData({
      state: 'ready',
      order: presentOrderLine(order, language()),
      paidAt: clock(order.paidAt),
      refunds: order.refunds.map((refund) => presentRefundLine(refund, language())),
    })
  },

  onRetry() {
    this.setData({ state: 'loading', message: this.data.texts.loading })
    void this.load()
  },

  onPay() {
    wx.redirectTo({ url: `/pages/cashier/index?order=${this.data.orderId}` })
  },

  async onCancel() {
    if (this.data.isCancelling) return
    const { api, texts } = theShop()
    this.setData({ isCancelling: true, problem: '' })
    try {
      this.show(await api.cancel(this.data.orderId))
    } catch (error) {
      this.setData({ problem: sentenceOf(error, texts.failed) })
      await this.load()
    } finally {
      this.setData({ isCancelling: false })
    }
  },
})
