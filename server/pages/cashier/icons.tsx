import type { ChannelName } from '../../../shared/kernel/pay.ts'

/** Marks that say which wallet is meant, drawn here: nothing is loaded from anywhere. */
export function WalletIcon({ channel }: { channel: ChannelName }) {
  return channel === 'alipay' ? (
    <svg class="wallet" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#1677ff" />
      <path
        d="M9 10.2h14M16 6.8v3.4M10.6 14.2h10.8c-1.4 5-5 8.4-10 10.2M10.2 16.8c3.6 1 8.6 3.6 12.6 6.8"
        fill="none"
        stroke="#fff"
        stroke-width="2.2"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  ) : (
    <svg class="wallet" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#07b457" />
      <path
        d="M13.2 7.5c-4.4 0-7.9 2.9-7.9 6.6 0 2.1 1.2 3.9 3 5.1l-.8 2.4 2.8-1.4c.9.3 1.9.4 2.9.4h.7a5.7 5.7 0 0 1-.2-1.5c0-3.5 3.3-6.3 7.3-6.3-.6-3-3.9-5.3-7.8-5.3Z"
        fill="#fff"
      />
      <path
        d="M26.7 19.2c0-3-2.9-5.4-6.3-5.4s-6.3 2.4-6.3 5.4 2.9 5.4 6.3 5.4c.8 0 1.6-.1 2.3-.4l2.2 1.2-.6-2c1.5-1 2.4-2.5 2.4-4.2Z"
        fill="#fff"
      />
    </svg>
  )
}

export function Mark({ kind }: { kind: 'done' | 'wait' | 'stop' | 'back' | 'ask' }) {
  return (
    <span class={`mark ${kind}`} aria-hidden="true">
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <path d={marks[kind]} />
      </svg>
    </span>
  )
}

const marks = {
  done: 'M5.5 12.5l4.3 4.3 8.7-9.3',
  wait: 'M12 6.5v6l3.8 2.2',
  stop: 'M7.5 7.5l9 9m0-9l-9 9',
  back: 'M9 6.5 4.8 10.7 9 14.9M5 10.7h8.6a4.9 4.9 0 0 1 0 9.8',
  ask: 'M9 9.4a3 3 0 1 1 4.2 2.8c-.8.4-1.2 1-1.2 1.9m0 3.1v.2',
}
