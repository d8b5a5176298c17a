import type { Bill, BillKind, BillLine } from '../../../core/rules/bill.ts'
import { NetworkFailure } from '../../../lib/runtime.ts'
import { linesOf } from '../../../lib/text-lines.ts'
import { readFlatXml, writeFlatXml } from '../../../lib/xml.ts'
import { ChannelError, type Refusal } from '../../failure.ts'
import { canShowCertificate, mainApp } from '../account.ts'
import { makeBillReader } from '../bill-lines.ts'
import { unclear } from './call.ts'
import type { V2Parts } from './parts.ts'

/** For the whole file. */
const timeoutMs = 10 * 60_000
const maxBytes = 1024 * 1024 * 1024
const errorMaxBytes = 64 * 1024
const bunch = 500
const lessThan = 0x3c
const gzipMark = 0x1f

/** What the error codes of a bill mean (fact sheet §3.4). */
const refusals: Readonly<Record<string, Refusal>> = { '20002': 'billEmpty', '20003': 'billCreating' }

/**
 * Asks for a day's bill and reads it as it comes: CSV, packed or not, on success, and XML only on failure, so the first byte decides. No
 * hash vouches for it; what does is TLS, and a summary that counts its lines.
 */
export function makeBill({ credentials, tools, signed }: V2Parts) {
  /** @throws ChannelError `billEmpty`, `billCreating`; while it is read, when it is not whole. */
  return async function bill({ kind, day }: { readonly kind: BillKind; readonly day: string }): Promise<Bill> {
    if (kind === 'funds') assertFunds(credentials)
    const asked = kind === 'trade' ? { bill_type: 'ALL' } : { account_type: 'Basic' }
    const named = { bill_date: day.replaceAll('-', ''), tar_type: 'GZIP', ...asked }
    // Whether the flow of funds may be signed with MD5 is not known.
    const members = signed(mainApp(credentials), named, kind === 'funds' ? 'HMAC-SHA256' : undefined)
    const chunks = await download(
      kind === 'trade' ? '/pay/downloadbill' : '/pay/downloadfundflow',
      Buffer.from(writeFlatXml(members)),
      kind === 'funds',
    )
    const { first, all } = await peeked(chunks)
    if (first === undefined || first === lessThan) throw refused(await whole(all))
    return read(kind, first === gzipMark ? tools.runtime.gunzip(all) : all)
  }

  async function download(path: string, body: Uint8Array, withCertificate: boolean): Promise<AsyncIterable<Uint8Array>> {
    const { clientCertificate } = credentials
    try {
      const answer = await tools.runtime.download({
        method: 'POST',
        url: credentials.gateway + path,
        headers: { 'content-type': 'text/xml; charset=utf-8', accept: '*/*' },
        body,
        timeoutMs,
        maxBytes,
        ...(withCertificate && clientCertificate ? { clientCertificate } : {}),
      })
      if (answer.status === 200) return answer.chunks
      throw unclear(`answered ${answer.status} instead of a bill`)
    } catch (error) {
      throw error instanceof NetworkFailure ? unclear(`did not send the bill: ${error.message}`) : error
    }
  }
}

/** The provider's own funds are another account's, and those of his merchants are not told in v2. */
function assertFunds(credentials: V2Parts['credentials']): void {
  const problem = credentials.sub
    ? 'the flow of funds of a provider’s merchant is not read'
    : canShowCertificate(credentials)
      ? undefined
      : 'the flow of funds needs WECHAT_MCH_CERT and WECHAT_MCH_KEY'
  if (problem !== undefined) throw new ChannelError({ kind: 'refused', refusal: 'configuration', code: 'CHANNEL_ERROR', message: problem })
}

async function peeked(chunks: AsyncIterable<Uint8Array>): Promise<{ first: number | undefined; all: AsyncIterable<Uint8Array> }> {
  const reading = chunks[Symbol.asyncIterator]()
  let start = await reading.next()
  while (!start.done && start.value.length === 0) start = await reading.next()
  const head = start.done ? undefined : start.value
  return { first: head?.[0], all: rest() }

  async function* rest(): AsyncGenerator<Uint8Array> {
    if (head) yield head
    for (let next = await reading.next(); !next.done; next = await reading.next()) yield next.value
  }
}

async function whole(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > errorMaxBytes) break
    pieces.push(chunk)
  }
  return Buffer.concat(pieces)
}

/** An error about a bill is not signed; it decides nothing but when to ask again. */
function refused(body: Buffer): ChannelError {
  const parsed = readFlatXml(body)
  if ('problem' in parsed) return unclear(`sent neither a bill nor an error: it ${parsed.problem}`)
  const [code = '', words = ''] = [parsed.members.get('error_code'), parsed.members.get('return_msg')]
  const refusal = refusals[code] ?? (/no bill exist/i.test(words) ? 'billEmpty' : undefined)
  const common = {
    code: 'CHANNEL_ERROR',
    channelCode: code,
    channelMessage: words.slice(0, 200),
    message: `WeChat Pay has no bill: ${code} ${words.slice(0, 200)}`,
  } as const
  return new ChannelError(refusal === undefined ? { ...common, kind: 'unknown' } : { ...common, kind: 'refused', refusal })
}

async function* read(kind: BillKind, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<readonly BillLine[]> {
  const reader = makeBillReader(kind)
  let lines: BillLine[] = []
  try {
    for await (const text of linesOf(bytes, () => {})) {
      const line = reader.line(text)
      if (line) lines.push(line)
      if (lines.length < bunch) continue
      yield lines
      lines = []
    }
    yield lines
    reader.end()
  } catch (error) {
    throw error instanceof ChannelError
      ? error
      : unclear(`sent a bill that cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}
