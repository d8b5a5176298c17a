import { sentenceOf, theShop } from '../../services/shop'

const maxQuantity = 999

/** How many of it; the sum is the server's, shown once the order is made. */
Page({
  data: {
    state: 'loading',
    message: '',
    productId: '',
    title: '',
    price: '',
    quantity: 1,
    isSending: false,
    problem: '',
    texts: {} as ReturnType<typeof theShop>['texts'],
  },

  onLoad({ product = '' }: Record<string, string | undefined>) {
    const { texts } = theShop()
    this.setData({ texts, productId: product, message: texts.loading })
    void this.load()
  },

  async load() {
    const { api, texts } = theShop()
    try {
      const { title, price } = await api.product(this.data.productId)
      this.setData({ state: 'ready', title, price: `¥${price}` })
    } catch (error) {
      this.setData({ state: 'failed', message: sentenceOf(error, texts.failed) })
    }
  },

  onRetry() {
    this.setData({ state: 'loading', message: this.data.texts.loading })
    void this.load()
  },

  onLess() {
    this.setData({ quantity: Math.max(1, this.data.quantity - 1) })
  },

  onMore() {
    this.setData({ quantity: Math.min(maxQuantity, this.data.quantity + 1) })
  },

  async onConfirm() {
    if (this.data.isSending) return
    const { api, texts } = theShop()
    this.setData({ isSending: true, problem: '' })
    try {
      const { orderId } = await api.createOrder([{ productId: this.data.productId, quantity: this.data.quantity }])
      wx.redirectTo({ url: `/pages/cashier/index?order=${orderId}` })
    } catch (error) {
      this.setData({ isSending: false, problem: sentenceOf(error, texts.failed) })
    }
  },
})
