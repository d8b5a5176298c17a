import type { PageModel } from '../../../shared/api/pay-page.ts'
import { pageLanguages } from '../../../shared/kernel/pay-page.ts'
import { Cashier } from './cashier.tsx'
import { Notice } from './notice.tsx'
import { titleOf as orderTitle } from './outcome.tsx'
import { wordsIn } from './words.ts'

export type PageFiles = { readonly scripts: readonly string[]; readonly styles: readonly string[] }

/** Seconds after which a page without script looks again. */
const reloadSeconds = 5

/** The whole document, as the server writes it. What it was made from goes with it, for the script to go on from. */
export function Page({ model, files }: { model: PageModel; files: PageFiles }) {
  const { language } = model
  return (
    <html lang={language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
        <title>{titleOf(model)}</title>
        <meta name="color-scheme" content="light dark" />
        <meta name="theme-color" content="#f6f7f9" media="(prefers-color-scheme: light)" />
        <meta name="theme-color" content="#101317" media="(prefers-color-scheme: dark)" />
        <meta name="robots" content="noindex, nofollow" />
        <meta name="format-detection" content="telephone=no" />
        <link rel="icon" href="data:," />
        {files.styles.map((href) => (
          <link key={href} rel="stylesheet" href={href} />
        ))}
        {model.page === 'order' ? files.scripts.map((src) => <script key={src} type="module" src={src} />) : null}
        {isWaiting(model) && model.page === 'order' ? (
          <noscript>
            <meta http-equiv="refresh" content={`${reloadSeconds};url=${model.addresses.form}&back=1`} />
          </noscript>
        ) : null}
      </head>
      <body>
        {model.page === 'order' ? (
          <a class="skip" href="#payment">
            {wordsIn(language).skip}
          </a>
        ) : null}
        <main id="cashier" data-model={model.page === 'order' ? JSON.stringify(model) : undefined}>
          <Body model={model} />
        </main>
        {isWaiting(model) ? (
          <noscript>
            <p class="hint">{wordsIn(language).noScript}</p>
          </noscript>
        ) : null}
        <Languages model={model} />
      </body>
    </html>
  )
}

/** What the script takes over: it writes the same, and goes on. */
export function Body({ model }: { model: PageModel }) {
  if (model.page === 'notice') return <Notice notice={model.notice} words={wordsIn(model.language)} />
  return <Cashier page={model} language={model.language} />
}

function Languages({ model: { language, languages } }: { model: PageModel }) {
  return (
    <nav class="languages" aria-label="语言 · Language">
      {pageLanguages.map((one) => (
        <a key={one} href={languages[one]} lang={one} hreflang={one} aria-current={one === language ? 'true' : undefined}>
          {wordsIn(one).language}
        </a>
      ))}
    </nav>
  )
}

function titleOf(model: PageModel): string {
  const words = wordsIn(model.language)
  return model.page === 'notice' ? words.notices[model.notice].title : orderTitle(model.order, words)
}

/** A payment may come in while the page is looked at. */
function isWaiting(model: PageModel): boolean {
  return model.page === 'order' && model.order.status === 'pending' && !model.order.isExpired && (model.isBack || model.shown !== null)
}
