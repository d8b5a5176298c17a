/** One thing for sale; a tap tells which. */
Component({
  properties: {
    product: { type: Object, value: {} as { productId: string } },
    buy: { type: String, value: '' },
  },
  methods: {
    onBuy() {
      this.triggerEvent('buy', { productId: this.data.product.productId })
    },
  },
})
