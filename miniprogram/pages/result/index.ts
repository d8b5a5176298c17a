import { followOrder } from '../../services/pay'
import { sentenceOf, theShop } from '../../services/shop'
import { pause } from '../../services/wx-promises'

/** "Confirming" until the server says otherwise; nothing else makes an order paid here. */
Page({
  data: { state: 'confirming', message: '', hint: '', orderId: '', texts: {} as ReturnType<typeof theShop>['texts'] },
  isWatched: false,
  isFollowing: false,

  onLoad({ order = '' }: Record<string, string | undefined>) {
    const { texts } = theShop()
    this.setData({ texts, orderId: order, message: texts.confirming, hint: texts.confirmingHint })
  },

  onShow() {
    this.isWatched = true
    if (this.data.state === 'confirming' || this.data.state === 'unknown') void this.follow()
  },

  onHide() {
    this.isWatched = false
  },

  onUnload() {
    this.isWatched = false
  },

  async follow() {
    if (this.isFollowing) return
    const { api, texts } = theShop()
    this.isFollowing = true
    this.setData({ state: 'confirming', message: texts.confirming, hint: texts.confirmingHint })
    try {
      const order = await followOrder({ api, pause }, this.data.orderId, () => this.isWatched)
      if (order?.status === 'succeeded') this.setData({ state: 'paid', message: texts.paid, hint: `¥${order.amount}` })
      else if (order && order.status !== 'pending') this.setData({ state: 'closed', message: texts.closed, hint: '' })
      else if (this.isWatched) this.setData({ state: 'unknown', message: texts.stillConfirming, hint: '' })
    } catch (error) {
      this.setData({ state: 'unknown', message: sentenceOf(error, texts.failed), hint: '' })
    } finally {
      this.isFollowing = false
    }
  },

  onCheck() {
    void this.follow()
  },

  onPayAgain() {
    wx.redirectTo({ url: `/pages/cashier/index?order=${this.data.orderId}` })
  },

  onSeeOrder() {
    wx.redirectTo({ url: `/pages/order/index?order=${this.data.orderId}` })
  },

  onShop() {
    wx.switchTab({ url: '/pages/shop/index' })
  },
})
