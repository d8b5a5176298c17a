import { useState } from 'preact/hooks'
import type { OrderPage } from '../../../shared/api/pay-page.ts'
import { priceOf } from './format.ts'
import { WalletIcon } from './icons.tsx'
import type { Cashier, Said } from './use-cashier.ts'
import type { PageWords } from './words.ts'

/** How the payer wants to pay. It is a form, so that it works before the script is there, and without one. */
export function Ways({ page, state, words }: { page: OrderPage; state: Cashier; words: PageWords }) {
  const { ways, addresses } = page
  const [chosen, choose] = useState(ways[0]?.channel)
  const way = ways.find((one) => one.channel === chosen) ?? ways[0]
  const price = priceOf(state.order.amount, state.order.currency)
  if (!way) return null
  return (
    <form
      method="post"
      action={addresses.form}
      onSubmit={(event) => {
        event.preventDefault()
        void state.pay(way.channel)
      }}
    >
      <Trouble state={state} words={words} />
      {ways.length === 1 ? (
        <p class="only">
          <WalletIcon channel={way.channel} />
          <strong>{words.channels[way.channel]}</strong>
          <input type="hidden" name="channel" value={way.channel} />
        </p>
      ) : (
        <fieldset class="ways">
          <legend>{words.choose}</legend>
          {ways.map(({ channel }) => (
            <label key={channel} class="way">
              <input type="radio" name="channel" value={channel} checked={channel === way.channel} onChange={() => choose(channel)} />
              <WalletIcon channel={channel} />
              <span>{words.channels[channel]}</span>
              <span class="tick" aria-hidden="true" />
            </label>
          ))}
        </fieldset>
      )}
      <button class="pay" type="submit">
        {way.kind === 'scan' ? words.showCode : words.pay(price)}
      </button>
      <p class="secured">{words.secured}</p>
    </form>
  )
}

/** Why the last try came to nothing. */
export function Trouble({ state: { said }, words }: { state: Cashier; words: PageWords }) {
  if (said === undefined) return null
  return <p class="trouble">{wordsOf(said, words)}</p>
}

export function wordsOf(said: NonNullable<Said>, words: PageWords): string {
  return said === 'notPaid' || said === 'notYet' || said === 'notAsked' ? words[said] : words.troubles[said]
}
