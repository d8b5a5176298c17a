import { writeFlatXml } from '../../../lib/xml.ts'
import type { Acknowledgement } from '../../channel.ts'

/** The pair of members that WeChat looks for (fact sheet §4). */
export function acknowledge(
  outcome: { readonly taken: true } | { readonly taken: false; readonly status: number; readonly message: string },
): Acknowledgement {
  const contentType = 'text/xml; charset=utf-8'
  if (outcome.taken) return { status: 200, contentType, body: writeFlatXml({ return_code: 'SUCCESS', return_msg: 'OK' }) }
  return { status: outcome.status, contentType, body: writeFlatXml({ return_code: 'FAIL', return_msg: outcome.message }) }
}
