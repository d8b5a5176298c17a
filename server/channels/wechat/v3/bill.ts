import type { Bill, BillKind, BillLine } from '../../../core/rules/bill.ts'
import { makeSha1 } from '../../../lib/hmac.ts'
import { NetworkFailure } from '../../../lib/runtime.ts'
import { linesOf } from '../../../lib/text-lines.ts'
import { ChannelError } from '../../failure.ts'
import { makeBillReader } from '../bill-lines.ts'
import { unreadable } from './call.ts'
import { userAgent } from './keys.ts'
import type { V3Parts } from './parts.ts'
import type { Signer } from './signature.ts'
import { textMember } from './wire.ts'

const paths: Record<BillKind, string> = {
  trade: '/v3/bill/tradebill?bill_type=ALL&tar_type=GZIP&bill_date=',
  funds: '/v3/bill/fundflowbill?account_type=BASIC&tar_type=GZIP&bill_date=',
}
/** For the whole file. */
const timeoutMs = 10 * 60_000
const maxBytes = 1024 * 1024 * 1024
const bunch = 500

/**
 * Asks for a day's bill and reads it as it comes (fact sheet §11). The download address lives half a minute, so it is used at once.
 * The file is not signed: the SHA-1 of its uncompressed bytes is, in the answer before.
 */
export function makeBill({ credentials, tools, call, signer }: V3Parts & { readonly signer: Signer }) {
  /** @throws ChannelError `billEmpty` when nothing happened that day, `billCreating` when it is not ready; while it is read, when it is not whole. */
  return async function bill(ask: { readonly kind: BillKind; readonly day: string }): Promise<Bill> {
    const { sub } = credentials
    if (sub && ask.kind === 'funds') throw notTheirs()
    const whose = sub === undefined ? '' : `&sub_mchid=${sub.mchid}`
    const applied = await call({ method: 'GET', pathAndQuery: `${paths[ask.kind]}${encodeURIComponent(ask.day)}${whose}` })
    const [url, hashType, hash] = [textMember(applied, 'download_url'), textMember(applied, 'hash_type'), textMember(applied, 'hash_value')]
    if (!url || !URL.canParse(url) || hashType !== 'SHA1' || !hash) throw unreadable('the address of a bill')
    return read(ask.kind, await download(url), hash.toLowerCase())
  }

  async function download(given: string): Promise<AsyncIterable<Uint8Array>> {
    const { pathname, search } = new URL(given)
    const pathAndQuery = pathname + search
    const authorization = await signer.authorization({ method: 'GET', pathAndQuery, body: new Uint8Array() })
    const headers = { authorization, accept: '*/*', 'user-agent': userAgent }
    const url = hostOf(given) + pathAndQuery
    try {
      const answer = await tools.runtime.download({ method: 'GET', url, headers, timeoutMs, maxBytes })
      if (answer.status === 200) return tools.runtime.gunzip(answer.chunks)
      throw broken(`its download answered ${answer.status}`)
    } catch (error) {
      throw error instanceof NetworkFailure ? broken(error.message) : error
    }
  }

  /** A signed request leaves for WeChat's own hosts only, whatever an answer says. */
  function hostOf(given: string): string {
    const { origin, hostname } = new URL(given)
    const isTheirs = origin === new URL(credentials.gateway).origin || hostname.endsWith('.mch.weixin.qq.com')
    if (!isTheirs) throw broken(`its address is on ${hostname}, which is not WeChat Pay's`)
    return origin
  }
}

async function* read(kind: BillKind, bytes: AsyncIterable<Uint8Array>, hash: string): AsyncGenerator<readonly BillLine[]> {
  const sum = makeSha1()
  const reader = makeBillReader(kind)
  let lines: BillLine[] = []
  try {
    for await (const text of linesOf(bytes, (chunk) => sum.update(chunk))) {
      const line = reader.line(text)
      if (line) lines.push(line)
      if (lines.length < bunch) continue
      yield lines
      lines = []
    }
    yield lines
    if (sum.hex() !== hash) throw broken('its bytes are not those that were vouched for')
    reader.end()
  } catch (error) {
    throw error instanceof ChannelError ? error : broken(error instanceof Error ? error.message : String(error), error)
  }
}

/** The provider's own funds are another account's; those of his merchants have a bill that is sealed. */
function notTheirs(): ChannelError {
  return new ChannelError({
    kind: 'refused',
    refusal: 'configuration',
    code: 'CHANNEL_ERROR',
    message: 'the flow of funds of a provider’s merchant is not read',
  })
}

function broken(reason: string, cause?: unknown): ChannelError {
  return new ChannelError({ kind: 'unknown', code: 'CHANNEL_ERROR', message: `WeChat Pay's bill could not be read: ${reason}` }, { cause })
}
