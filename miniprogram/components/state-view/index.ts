/** What a screen shows while it has nothing else: loading, empty, or failed with a way to try again. */
Component({
  properties: {
    state: { type: String, value: 'loading' },
    text: { type: String, value: '' },
    retry: { type: String, value: '' },
  },
  methods: {
    onRetry() {
      this.triggerEvent('retry')
    },
  },
})
