import type { Context, Middleware } from 'koa'
import type { Notice, RenderPage } from '../../../shared/api/pay-page.ts'
import { type PageLanguage, pageLanguageOf, pageLanguages } from '../../../shared/kernel/pay-page.ts'
import type { AppError } from '../../core/error.ts'
import type { Log } from '../../lib/log.ts'
import type { Cookies } from '../cookies.ts'
import { refusalOf } from '../failures.ts'
import { setPageHeaders } from './page-headers.ts'

const languageCookie = 'language'
const yearSeconds = 365 * 24 * 60 * 60

export type Notices = ReturnType<typeof makeNotices>

/** Pages that say why there is no other page, and the language of all of them. */
export function makeNotices({
  render,
  cookies,
  publicUrl,
  log,
}: {
  readonly render: RenderPage
  readonly cookies: Cookies
  readonly publicUrl: string
  readonly log: Pick<Log, 'error'>
}) {
  return { guard, tell, languageFor, languagesOf }

  /** Makes a page of every refusal, and of our own mistakes: a payer is never shown what is meant for programs. */
  function guard(name: string): Middleware {
    return async (ctx, next) => {
      ctx.state.route = name
      try {
        await next()
      } catch (error) {
        const refusal = refusalOf(error)
        const { requestId } = ctx.state
        if (refusal.code === 'SYSTEMERROR') log.error({ event: 'request.failed', requestId, method: ctx.method, path: ctx.path, error })
        ctx.state.code = refusal.code
        tell(ctx, refusal.status, noticeOf(refusal))
        if (refusal.retryAfterSeconds !== undefined) ctx.set('retry-after', String(refusal.retryAfterSeconds))
      }
    }
  }

  function tell(ctx: Context, status: number, notice: Notice): void {
    setPageHeaders(ctx, publicUrl)
    ctx.status = status
    ctx.type = 'text/html; charset=utf-8'
    ctx.body = render({ page: 'notice', notice, language: languageFor(ctx), languages: languagesOf(ctx) })
  }

  /** The one that was chosen, now or before, else what the browser asks for. */
  function languageFor(ctx: Context): PageLanguage {
    const chosen = pageLanguages.find((language) => language === ctx.query.lang)
    if (chosen !== undefined) cookies.write(ctx, languageCookie, { value: chosen, maxAgeSeconds: yearSeconds })
    const kept = cookies.read(ctx, languageCookie)
    return chosen ?? pageLanguages.find((language) => language === kept) ?? pageLanguageOf(ctx.get('accept-language'))
  }

  /** The page's own address in each language, below this host. */
  function languagesOf(ctx: Context): Record<PageLanguage, string> {
    const addressed = (language: PageLanguage) => {
      const query = new URLSearchParams(ctx.querystring)
      query.set('lang', language)
      return `${ctx.path}?${query.toString()}`
    }
    return { 'zh-CN': addressed('zh-CN'), 'zh-HK': addressed('zh-HK'), en: addressed('en') }
  }
}

function noticeOf({ code, status }: AppError): Notice {
  if (code === 'RATE_LIMITED') return 'tooMany'
  return status === 404 ? 'notFound' : 'trouble'
}
