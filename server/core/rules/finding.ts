import type { Words } from '../../../shared/kernel/codes.ts'

/** How bad a finding is: `note` is worth knowing, `warning` will hurt one day, with `error` payments or refunds fail already. */
export const severities = ['ok', 'note', 'warning', 'error'] as const
export type Severity = (typeof severities)[number]

/** What `doctor` found at one place, and what to do about it in a sentence. */
export type Finding = {
  /** The name of the check, `wechat.serial`: programs go by it. */
  readonly id: string
  readonly severity: Severity
  /** About which account, address or app, where there are several. */
  readonly about?: string | undefined
  readonly words: Words
  /** Everything but `ok` has one. */
  readonly remedy?: Words | undefined
}

export function ok(id: string, zh: string, en: string): Finding {
  return { id, severity: 'ok', words: { zh, en } }
}

/** Of findings with one name about one thing the worst is told: an account may look at a thing from two sides. */
export function worstOfEach(findings: readonly Finding[]): Finding[] {
  const places = new Map<string, Finding>()
  for (const one of findings) {
    const place = `${one.id} ${one.about ?? ''}`
    const known = places.get(place)
    if (!known || severities.indexOf(one.severity) > severities.indexOf(known.severity)) places.set(place, one)
  }
  return [...places.values()]
}
