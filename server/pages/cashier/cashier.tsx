import { useEffect, useRef } from 'preact/hooks'
import type { OrderPage } from '../../../shared/api/pay-page.ts'
import type { PageLanguage } from '../../../shared/kernel/pay-page.ts'
import { setTitle } from './browser.ts'
import { Confirm, Leaving, NoWay, Scan, Starting } from './doing.tsx'
import { Outcome, outcomeAloud, titleOf } from './outcome.tsx'
import { Summary } from './summary.tsx'
import { type Cashier as State, useCashier } from './use-cashier.ts'
import { Ways, wordsOf } from './ways.tsx'
import { type PageWords, wordsIn } from './words.ts'

/** The page of an order: what it costs on one side, how to pay it, or what became of it, on the other. */
export function Cashier({ page, language }: { page: OrderPage; language: PageLanguage }) {
  const words = wordsIn(language)
  const state = useCashier(page)
  const { order, isOpen, isOnline } = state
  const title = titleOf(order, words)
  useEffect(() => setTitle(title), [title])
  return (
    <div class={isOpen ? 'stage' : 'stage over'}>
      <Summary state={state} words={words} />
      <section class="panel" id="payment" aria-label={isOpen ? words.choose : undefined}>
        <p class="live" role="status" aria-live="polite">
          {spoken(state, words)}
        </p>
        {isOnline ? null : (
          <p class="banner" role="alert">
            {words.offline}
          </p>
        )}
        <Focused name={isOpen ? state.doing.is : order.status}>
          {isOpen ? <Doing page={page} state={state} words={words} /> : <Outcome order={order} words={words} language={language} />}
        </Focused>
      </section>
    </div>
  )
}

function Doing({ page, state, words }: { page: OrderPage; state: State; words: PageWords }) {
  const { doing } = state
  if (page.ways.length === 0 && doing.is === 'choose') return <NoWay page={page} words={words} />
  switch (doing.is) {
    case 'choose':
      return <Ways page={page} state={state} words={words} />
    case 'start':
      return <Starting words={words} isSlow={doing.isSlow} />
    case 'scan':
      return <Scan doing={doing} page={page} state={state} words={words} />
    case 'away':
      return <Leaving words={words} channel={doing.channel} />
    case 'confirm':
      return <Confirm doing={doing} page={page} state={state} words={words} />
  }
}

/** What somebody who does not see the page hears when it changes. */
function spoken({ order, doing, said, isOpen }: State, words: PageWords): string {
  if (said !== undefined && isOpen) return wordsOf(said, words)
  if (!isOpen) return outcomeAloud(order, words)
  switch (doing.is) {
    case 'choose':
      return ''
    case 'start':
      return doing.isSlow ? words.stillStarting : words.starting
    case 'scan':
      return words.scan(words.wallets[doing.channel])
    case 'away':
      return words.left(words.wallets[doing.channel])
    case 'confirm':
      return doing.isAsking ? words.asking : words.confirming
  }
}

/** When one thing takes the place of another, the reader goes on there. */
function Focused({ name, children }: { name: string; children: preact.ComponentChildren }) {
  const box = useRef<HTMLDivElement>(null)
  const shown = useRef(name)
  useEffect(() => {
    if (shown.current === name) return
    shown.current = name
    const isElsewhere = document.activeElement && document.activeElement !== document.body && !box.current?.contains(document.activeElement)
    if (!isElsewhere) box.current?.focus({ preventScroll: true })
  }, [name])
  return (
    <div class="focused" tabIndex={-1} ref={box} data-shown={name}>
      {children}
    </div>
  )
}
