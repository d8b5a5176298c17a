import type { ProductAnswer } from '../../generated/shared'
import { sentenceOf, theShop } from '../../services/shop'

type Shown = { productId: string; title: string; price: string; image: string; initial: string }

/** What is for sale. Prices are shown as the server wrote them. */
Page({
  data: { state: 'loading', message: '', products: [] as Shown[], cursor: '', texts: {} as ReturnType<typeof theShop>['texts'] },

  onLoad() {
    const { texts } = theShop()
    this.setData({ texts, message: texts.loading })
    wx.setNavigationBarTitle({ title: texts.shop })
    void this.refresh()
  },

  async onPullDownRefresh() {
    await this.refresh()
    wx.stopPullDownRefresh()
  },

  onReachBottom() {
    if (this.data.cursor !== '') void this.load(this.data.cursor)
  },

  async refresh() {
    this.setData({ products: [], cursor: '' })
    await this.load()
  },

  async load(cursor?: string) {
    const { api, texts } = theShop()
    try {
      const { items, nextCursor } = await api.products(cursor)
      const products = [...this.data.products, ...items.map(shown)]
      this.setData({
        products,
        cursor: nextCursor ?? '',
        state: products.length === 0 ? 'empty' : 'ready',
        message: products.length === 0 ? texts.empty : '',
      })
    } catch (error) {
      this.setData({ state: 'failed', message: sentenceOf(error, texts.failed) })
    }
  },

  onRetry() {
    this.setData({ state: 'loading', message: this.data.texts.loading })
    void this.refresh()
  },

  onBuy({ detail }: WechatMiniprogram.CustomEvent<{ productId: string }>) {
    wx.navigateTo({ url: `/pages/confirm/index?product=${detail.productId}` })
  },
})

function shown({ productId, title, price, image }: ProductAnswer): Shown {
  return { productId, title, price: `¥${price}`, image: image ?? '', initial: title.slice(0, 1) }
}
