import { createCipheriv } from 'node:crypto'
import type { Bills } from './bills.ts'
import type { Clock } from './clock.ts'
import { rfc3339 } from './clock.ts'
import type { EmulatorCredentials } from './credentials.ts'
import { WechatError } from './errors.ts'
import { answer, type Exchange } from './exchange.ts'
import { type CallFault, callFaults, type Faults } from './faults.ts'
import { readBody } from './field-rules.ts'
import { type Payments, prepayPaths } from './payments.ts'
import type { Refunds } from './refunds.ts'
import type { EmulatorRuntime } from './runtime.ts'
import { assertSigned, signatureHeaders } from './signatures.ts'
import { spoil } from './spoil.ts'
import type { State } from './state.ts'
import type { Codes } from './v2/codes.ts'

type Parts = {
  readonly state: State
  readonly clock: Clock
  readonly runtime: EmulatorRuntime
  readonly credentials: () => EmulatorCredentials
  readonly faults: Faults
  readonly payments: Payments
  readonly refunds: Refunds
  readonly bills: Bills
  readonly codes: Codes
}

type Reply = { readonly status: number; readonly body?: unknown; readonly isUnsigned?: boolean }

/** api.mch.weixin.qq.com, version 3: checks who calls, does what is asked, signs what it answers. */
export function makeGateway(parts: Parts) {
  const { state, clock, runtime, credentials, faults, payments, refunds, bills, codes } = parts
  return { handle }

  async function handle(exchange: Exchange): Promise<void> {
    const outTradeNo = numberIn(exchange)
    const fault = faults.take(callFaults, { path: exchange.path, method: exchange.method, outTradeNo })
    if (spoil.before(exchange, fault)) return
    const reply = await replyTo(exchange, fault)
    if (spoil.after(exchange, fault)) return
    await send(exchange, reply, fault)
  }

  async function replyTo(exchange: Exchange, fault: CallFault | undefined): Promise<Reply> {
    try {
      assertHeaders(exchange)
      assertSigned(exchange, credentials(), clock.now())
      const error = faultError(fault)
      if (error) throw error
      return await dispatch(exchange, fault)
    } catch (error) {
      if (!(error instanceof WechatError)) throw error
      const { status, code, message, detail } = error
      return { status, body: { code, message, ...(detail === undefined ? {} : { detail }) } }
    }
  }

  function assertHeaders({ method, headers }: Exchange): void {
    if (!headers['user-agent']) throw new WechatError(403, 'PARAM_ERROR', 'Http头缺少User-Agent')
    const accept = headers.accept ?? ''
    if (accept !== '' && !/application\/json|\*\/\*|application\/\*/.test(accept))
      throw new WechatError(406, 'PARAM_ERROR', 'Http头Accept须包含application/json')
    if (method === 'POST' && !/^application\/json/i.test(headers['content-type'] ?? ''))
      throw new WechatError(415, 'PARAM_ERROR', 'Http头Content-Type须为application/json')
  }

  async function dispatch({ method, path: asked, query, body }: Exchange, fault: CallFault | undefined): Promise<Reply> {
    const isPartner = asked.startsWith('/v3/pay/partner/')
    const path = asked.replace('/v3/pay/partner/', '/v3/pay/')
    const [mchid, subMchid] = [query.get(isPartner ? 'sp_mchid' : 'mchid') ?? undefined, query.get('sub_mchid') ?? undefined]
    const tradeType = prepayPaths[path]
    if (method === 'POST' && tradeType) return prepared(tradeType, body, fault, isPartner)
    if (method === 'POST' && path === '/v3/pay/transactions/codepay') return { status: 200, body: await paidByCode(body, fault, isPartner) }
    const [, reversing] = /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)\/reverse$/.exec(path) ?? []
    if (reversing !== undefined && method === 'POST') {
      codes.reverse(decodeURIComponent(reversing))
      return { status: 204 }
    }
    const [, byNumber, closing] = /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)(\/close)?$/.exec(path) ?? []
    if (byNumber !== undefined && method === 'POST' && closing !== undefined) {
      payments.close(decodeURIComponent(byNumber), readBody(body))
      return { status: 204 }
    }
    if (byNumber !== undefined && method === 'GET' && closing === undefined)
      return { status: 200, body: payments.query(decodeURIComponent(byNumber), mchid, subMchid) }
    const [, byId] = /^\/v3\/pay\/transactions\/id\/([^/]+)$/.exec(path) ?? []
    if (byId !== undefined && method === 'GET') return { status: 200, body: payments.queryById(byId, mchid, subMchid) }
    return dispatchRest(method, path, query, body, fault)
  }

  async function prepared(
    tradeType: NonNullable<(typeof prepayPaths)[string]>,
    body: Buffer,
    fault: CallFault | undefined,
    isPartner: boolean,
  ): Promise<Reply> {
    const read = readBody(body)
    const answered = payments.prepay(tradeType, read, { isPartner })
    // Somebody pays so fast that the notification is there before the answer.
    if (fault === 'early_notify') await payments.pay(String(read.out_trade_no))
    return { status: 200, body: answered }
  }

  /** The payer's code in v3: the answer is the order, or that the payer types the password. */
  async function paidByCode(body: Buffer, fault: CallFault | undefined, isPartner: boolean): Promise<unknown> {
    const { payer, ...rest } = readBody(body)
    const code = typeof payer === 'object' && payer !== null && 'auth_code' in payer ? String(payer.auth_code) : ''
    const asked = payments.read('MICROPAY', { ...rest, notify_url: 'https://nobody.example/' }, { isPartner })
    return payments.wire(await codes.pay(asked, code, fault === 'user_paying'))
  }

  function dispatchRest(method: string, path: string, query: URLSearchParams, body: Buffer, fault: CallFault | undefined): Reply {
    if (method === 'POST' && path === '/v3/refund/domestic/refunds') {
      const becomes = fault === 'refund_abnormal' ? 'ABNORMAL' : fault === 'refund_closed' ? 'CLOSED' : 'SUCCESS'
      return { status: 200, body: refunds.request(readBody(body), becomes) }
    }
    const [, refundNo, repairing] = /^\/v3\/refund\/domestic\/refunds\/([^/]+)(\/apply-abnormal-refund)?$/.exec(path) ?? []
    if (refundNo !== undefined && method === 'GET' && repairing === undefined)
      return { status: 200, body: refunds.query(decodeURIComponent(refundNo)) }
    if (refundNo !== undefined && method === 'POST' && repairing !== undefined)
      return { status: 200, body: refunds.repair(refundNo, readBody(body)) }
    const flags = { isCreating: fault === 'statement_creating', hasBadHash: fault === 'bad_bill_hash' }
    if (method === 'GET' && path === '/v3/bill/tradebill') return { status: 200, body: bills.apply('trade', query, flags) }
    if (method === 'GET' && path === '/v3/bill/fundflowbill') return { status: 200, body: bills.apply('fundflow', query, flags) }
    if (method === 'GET' && path === '/v3/billdownload/file')
      return { status: 200, body: bills.download(query.get('token') ?? ''), isUnsigned: true }
    if (method === 'GET' && path === '/v3/certificates') return { status: 200, body: certificates() }
    throw new WechatError(404, 'NOT_FOUND', '请求的资源不存在')
  }

  function certificates(): unknown {
    const { certificates: all, apiV3Key } = credentials()
    return {
      data: all.map(({ serial, pem, notBefore, notAfter }) => {
        const nonce = Buffer.from(runtime.randomBytes(6)).toString('hex')
        const cipher = createCipheriv('aes-256-gcm', Buffer.from(apiV3Key), nonce).setAAD(Buffer.from('certificate'))
        const ciphertext = Buffer.concat([cipher.update(pem), cipher.final(), cipher.getAuthTag()]).toString('base64')
        return {
          serial_no: serial,
          effective_time: rfc3339(notBefore),
          expire_time: rfc3339(notAfter),
          encrypt_certificate: { algorithm: 'AEAD_AES_256_GCM', nonce, associated_data: 'certificate', ciphertext },
        }
      }),
    }
  }

  async function send(exchange: Exchange, { status, body, isUnsigned = false }: Reply, fault: CallFault | undefined): Promise<void> {
    const bytes = Buffer.isBuffer(body) ? body : body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body))
    const requestId = `08${Buffer.from(runtime.randomBytes(12)).toString('hex').toUpperCase()}-${status === 200 || status === 204 ? 0 : 268435456 + status}`
    const signed = isUnsigned || fault === 'no_signature' ? {} : await signature(exchange, bytes, fault)
    const type = { 'Content-Type': isUnsigned ? 'application/octet-stream' : 'application/json; charset=utf-8' }
    const date = { Date: new Date(clock.now()).toUTCString() }
    if (spoil.body(exchange, fault, status, bytes)) return
    answer(exchange.response, status, bytes, { ...type, ...date, 'Request-Id': requestId, ...signed })
  }

  async function signature({ headers }: Exchange, body: Buffer, fault: CallFault | undefined): Promise<Record<string, string>> {
    const nonce = Buffer.from(runtime.randomBytes(16)).toString('hex')
    const signed = await signatureHeaders({ body, key: answeringKey(headers['wechatpay-serial']), nowMs: clock.now(), nonce, runtime })
    if (fault === 'unknown_serial') return { ...signed, 'Wechatpay-Serial': '7777777777777777777777777777777777777777' }
    if (fault === 'bad_signature')
      return {
        ...signed,
        'Wechatpay-Signature': Buffer.from(signed['Wechatpay-Signature'] ?? '', 'base64')
          .reverse()
          .toString('base64'),
      }
    return signed
  }

  /** The key the request names; without a name, the newest certificate (fact sheet §4.1). */
  function answeringKey(named: string | undefined): { serial: string; privateKey: string } {
    const { publicKey, certificates: all } = credentials()
    if (named === publicKey.id) return { serial: publicKey.id, privateKey: publicKey.privateKey }
    const newest = all.at(-1) ?? { serial: publicKey.id, privateKey: publicKey.privateKey }
    return all.find((one) => one.serial === named) ?? newest
  }

  /** The number a call is about, so that a fault can be aimed at one order. */
  function numberIn({ path, body }: Exchange): string | undefined {
    const [, fromPath] = /out-trade-no\/([^/]+)/.exec(path) ?? []
    if (fromPath !== undefined) return decodeURIComponent(fromPath)
    const [, fromBody] = /"out_trade_no"\s*:\s*"([^"]{1,64})"/.exec(body.toString('utf8')) ?? []
    const [, transactionId] = /"transaction_id"\s*:\s*"([^"]{1,64})"/.exec(body.toString('utf8')) ?? []
    return (
      fromBody ??
      [...state.tables.payment.values()].find((one) => transactionId !== undefined && one.transactionId === transactionId)?.outTradeNo
    )
  }
}

/** Refusals that were asked for. */
function faultError(fault: CallFault | undefined): WechatError | undefined {
  switch (fault) {
    case 'system_error':
      return new WechatError(500, 'SYSTEM_ERROR', '系统异常，请稍后重试')
    case 'rate_limit':
      return new WechatError(429, 'FREQUENCY_LIMITED', '频率限制，请降低请求频率')
    case 'order_paid':
      return new WechatError(400, 'ORDERPAID', '该订单已支付')
    case 'out_trade_no_used':
      return new WechatError(403, 'OUT_TRADE_NO_USED', '商户订单号重复')
    case 'order_not_exist':
      return new WechatError(404, 'ORDER_NOT_EXIST', '订单不存在')
    case 'user_paying':
      return new WechatError(202, 'USER_PAYING', '用户支付中，需要输入密码')
    case 'not_enough':
      return new WechatError(403, 'NOT_ENOUGH', '商户基本账户可用余额不足')
    default:
      return undefined
  }
}
