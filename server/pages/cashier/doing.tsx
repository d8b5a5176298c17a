import { useState } from 'preact/hooks'
import type { OrderPage } from '../../../shared/api/pay-page.ts'
import type { ChannelName } from '../../../shared/kernel/pay.ts'
import { copyText } from './browser.ts'
import { Mark, WalletIcon } from './icons.tsx'
import { isCounted, TimeLeft } from './time-left.tsx'
import type { Cashier, Doing } from './use-cashier.ts'
import { Trouble } from './ways.tsx'
import type { PageWords } from './words.ts'

export function Starting({ words, isSlow }: { words: PageWords; isSlow: boolean }) {
  return (
    <div class="moment" aria-hidden="true">
      <span class="spinner" />
      <p>{isSlow ? words.stillStarting : words.starting}</p>
    </div>
  )
}

export function Leaving({ words, channel }: { words: PageWords; channel: ChannelName }) {
  return (
    <div class="moment" aria-hidden="true">
      <WalletIcon channel={channel} />
      <p>{words.left(words.wallets[channel])}</p>
    </div>
  )
}

type ScanProps = { doing: Extract<Doing, { is: 'scan' }>; page: OrderPage; state: Cashier; words: PageWords }

/** Light around the code belongs to it: phones do not find one that touches something dark. */
const quietModules = 4

export function Scan({ doing: { channel, qr }, page, state, words }: ScanProps) {
  const wallet = words.wallets[channel]
  const side = qr.size + 2 * quietModules
  return (
    <div class="scan">
      <h2>
        <WalletIcon channel={channel} />
        <span>{words.scan(wallet)}</span>
      </h2>
      <div class="code">
        <svg
          viewBox={`-${quietModules} -${quietModules} ${side} ${side}`}
          role="img"
          aria-label={words.codeLabel(wallet)}
          shape-rendering="crispEdges"
        >
          <path d={qr.path} fill="#101828" />
        </svg>
      </div>
      <p class="waiting">
        <span class="pulse" aria-hidden="true" />
        {words.waiting}
      </p>
      {isCounted(qr.expiresAt, state) ? (
        <p class="ends">
          {qr.expiresAt < state.order.expiresAt ? words.codeLeft : words.timeLeft} <TimeLeft endsAt={qr.expiresAt} state={state} />
        </p>
      ) : null}
      <p class="hint">{words.scanHint}</p>
      {page.ways.length > 1 ? (
        <a
          class="plain"
          href={`${page.addresses.form}&again=1`}
          onClick={(event) => {
            event.preventDefault()
            state.chooseAgain()
          }}
        >
          {words.otherWay}
        </a>
      ) : null}
    </div>
  )
}

type ConfirmProps = { doing: Extract<Doing, { is: 'confirm' }>; page: OrderPage; state: Cashier; words: PageWords }

/** The payer may have paid, or not: only the server says which. */
export function Confirm({ doing: { isAsking }, page, state, words }: ConfirmProps) {
  return (
    <div class="confirm">
      <span class="spinner" aria-hidden="true" />
      <h2>{words.confirming}</h2>
      <p class="hint">{words.confirmingHint}</p>
      <Trouble state={state} words={words} />
      <a
        class="pay"
        href={`${page.addresses.form}&back=1`}
        aria-busy={isAsking}
        onClick={(event) => {
          event.preventDefault()
          void state.ask()
        }}
      >
        {isAsking ? words.asking : words.iHavePaid}
      </a>
      <a
        class="plain"
        href={page.addresses.form}
        onClick={(event) => {
          event.preventDefault()
          state.chooseAgain()
        }}
      >
        {words.payAgain}
      </a>
    </div>
  )
}

/** Nothing this browser can do pays the order: what can, in plain words. */
export function NoWay({ page: { device, addresses }, words }: { page: OrderPage; words: PageWords }) {
  const [isCopied, setCopied] = useState(false)
  const copy = () => void copyText(addresses.self).then(setCopied)
  const { title, hint } = words.noWay[device === 'phone' || device === 'desktop' ? 'other' : device]
  return (
    <div class="outcome">
      <Mark kind="ask" />
      <h2>{title}</h2>
      <p class="hint">{hint}</p>
      <p class="link">{addresses.self}</p>
      <button class="plain" type="button" onClick={copy}>
        {isCopied ? words.copied : words.copyLink}
      </button>
    </div>
  )
}
