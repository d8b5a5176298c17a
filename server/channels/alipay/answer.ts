import { parseJson } from '../../lib/json.ts'
import { memberSpans } from '../../lib/json-span.ts'

/** An answer taken apart without touching the bytes that are signed. */
export type SignedAnswer = {
  /** It stands under `error_response`: whatever it says, it is no success. */
  readonly isError: boolean
  /** The text of the object, exactly as it came. */
  readonly content: string
  readonly sign: string | undefined
  readonly certificateSerial: string | undefined
}

/**
 * Takes an answer apart: the signed bytes are the member's own text, escapes and blanks untouched (fact sheet §4).
 *
 * Written here rather than left to the official SDK: its extractor searches the text for `"sign"` and `_response":`, which a member's
 * value can hold too, and its check of notices decodes every value a second time.
 *
 * @returns undefined when it is no answer to that method.
 */
export function readAnswer(text: string, method: string): SignedAnswer | undefined {
  const spans = memberSpans(text)
  const name = `${method.replaceAll('.', '_')}_response`
  const span = spans?.get(name) ?? spans?.get('error_response')
  if (!spans || !span) return undefined
  return {
    isError: !spans.has(name),
    content: text.slice(span.start, span.end),
    sign: stringAt('sign'),
    certificateSerial: stringAt('alipay_cert_sn'),
  }

  function stringAt(member: string): string | undefined {
    const at = spans?.get(member)
    const parsed = at && parseJson(text.slice(at.start, at.end))
    return parsed && 'value' in parsed && typeof parsed.value === 'string' && parsed.value !== '' ? parsed.value : undefined
  }
}
