import { type OrderLine, presentOrderLine } from '../../services/present'
import { sentenceOf, theShop } from '../../services/shop'
import { language } from '../../services/wx-promises'

/** My orders, newest first. */
Page({
  data: { state: 'loading', message: '', orders: [] as OrderLine[], cursor: '', texts: {} as ReturnType<typeof theShop>['texts'] },

  onLoad() {
    const { texts } = theShop()
    this.setData({ texts, message: texts.loading })
    wx.setNavigationBarTitle({ title: texts.myOrders })
  },

  /** States change while one looks elsewhere. */
  onShow() {
    void this.refresh()
  },

  async onPullDownRefresh() {
    await this.refresh()
    wx.stopPullDownRefresh()
  },

  onReachBottom() {
    if (this.data.cursor !== '') void this.load(this.data.orders, this.data.cursor)
  },

  async refresh() {
    await this.load([])
  },

  async load(before: OrderLine[], cursor?: string) {
    const { api, texts } = theShop()
    try {
      const { items, nextCursor } = await api.orders(cursor)
      const orders = [...before, ...items.map((order) => presentOrderLine(order, language()))]
      this.setData({
        orders,
        cursor: nextCursor ?? '',
        state: orders.length === 0 ? 'empty' : 'ready',
        message: orders.length === 0 ? texts.noOrders : '',
      })
    } catch (error) {
      this.setData({ state: 'failed', message: sentenceOf(error, texts.failed) })
    }
  },

  onRetry() {
    this.setData({ state: 'loading', message: this.data.texts.loading })
    void this.refresh()
  },

  onOpen({ detail }: WechatMiniprogram.CustomEvent<{ orderId: string }>) {
    wx.navigateTo({ url: `/pages/order/index?order=${detail.orderId}` })
  },
})
