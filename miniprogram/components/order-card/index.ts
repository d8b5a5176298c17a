/** One order in a list; a tap opens it. */
Component({
  properties: { order: { type: Object, value: {} as { orderId: string } } },
  methods: {
    onOpen() {
      this.triggerEvent('open', { orderId: this.data.order.orderId })
    },
  },
})
