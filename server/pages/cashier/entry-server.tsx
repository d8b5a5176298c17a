import { renderToString } from 'preact-render-to-string'
import type { PageModel } from '../../../shared/api/pay-page.ts'
import { Page, type PageFiles } from './page.tsx'

/** A page as text. Nothing that stands in an order becomes markup. */
export function render(model: PageModel, files: PageFiles): string {
  return `<!doctype html>${renderToString(<Page model={model} files={files} />)}`
}
