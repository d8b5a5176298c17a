import type { Notice as NoticeName } from '../../../shared/api/pay-page.ts'
import { Mark } from './icons.tsx'
import type { PageWords } from './words.ts'

/** Why there is no order to be seen. It tells nobody whether there is one. */
export function Notice({ notice, words }: { notice: NoticeName; words: PageWords }) {
  const { title, hint } = words.notices[notice]
  return (
    <div class="stage over">
      <section class="panel">
        <div class="outcome">
          <Mark kind={notice === 'tooMany' ? 'wait' : 'ask'} />
          <h1>{title}</h1>
          <p class="hint">{hint}</p>
        </div>
      </section>
    </div>
  )
}
