import { hydrate } from 'preact'
import type { PageModel } from '../../../shared/api/pay-page.ts'
import './cashier.css'
import { Body } from './page.tsx'

const root = document.getElementById('cashier')
const model: PageModel | undefined = root?.dataset.model === undefined ? undefined : JSON.parse(root.dataset.model)
if (root && model) hydrate(<Body model={model} />, root)
