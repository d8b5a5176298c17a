/**
 * The bare program that the benchmark compares with: node:http, mysql2 and undici, nothing else. It does the same for a JSAPI order
 * and for a notification: durable rows before and after the call, signed request, verified answer, paySign; a verified, decrypted
 * notification written with its event in one transaction. It validates nothing and recovers from nothing.
 */
import { createDecipheriv, createPrivateKey, createPublicKey, createVerify, type KeyObject, randomBytes, sign } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createPool } from 'mysql2/promise'
import { Pool } from 'undici'

const environment = process.env
const read = (name: string): string => environment[name] ?? ''
const port = Number(read('PORT'))
const gateway = read('WECHAT_GATEWAY')
const privateKey = createPrivateKey(read('WECHAT_PRIVATE_KEY'))
const publicKey = createPublicKey(read('WECHAT_PUBLIC_KEY'))
const v3Key = Buffer.from(read('WECHAT_API_V3_KEY'))
const appId = read('WECHAT_MINIPROGRAM_APP_ID')
const mchid = read('WECHAT_MCH_ID')
const database = new URL(read('DATABASE_URL'))
const db = createPool({
  host: database.hostname,
  port: Number(database.port),
  user: database.username,
  password: database.password,
  database: database.pathname.slice(1),
  connectionLimit: 10,
})
const upstream = new Pool(gateway, { connections: 16 })

await db.query(
  'CREATE TABLE IF NOT EXISTS bare_orders (order_id VARCHAR(32) PRIMARY KEY, subject VARCHAR(500) NOT NULL, amount BIGINT NOT NULL, status VARCHAR(16) NOT NULL, prepay_id VARCHAR(64), transaction_id VARCHAR(64), created_at BIGINT NOT NULL) ENGINE=InnoDB',
)
await db.query(
  'CREATE TABLE IF NOT EXISTS bare_events (event_id VARCHAR(40) PRIMARY KEY, order_id VARCHAR(32) NOT NULL, type VARCHAR(40) NOT NULL, data TEXT NOT NULL, created_at BIGINT NOT NULL) ENGINE=InnoDB',
)

createServer((request, response) => {
  void handle(request, response).catch((error: unknown) => {
    response.statusCode = 500
    response.end(String(error))
  })
}).listen(port, '127.0.0.1', () => process.stdout.write('listening\n'))

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request)
  if (request.url === '/orders') return answer(response, 201, await createOrder(JSON.parse(body.toString())))
  if (request.url?.endsWith('/pay')) return answer(response, 200, await pay(request.url.split('/')[2] ?? '', JSON.parse(body.toString())))
  if (request.url === '/notify') return notified(request, body, response)
  if (request.url?.startsWith('/status/')) return answer(response, 200, await status(request.url.slice('/status/'.length)))
  if (request.url?.startsWith('/orders/')) return answer(response, 200, await find(request.url.slice('/orders/'.length)))
  response.statusCode = 404
  response.end()
}

type OrderBody = { orderId: string; subject: string; amountMinor: number }

async function createOrder({ orderId, subject, amountMinor }: OrderBody): Promise<unknown> {
  await db.execute('INSERT INTO bare_orders (order_id, subject, amount, status, created_at) VALUES (?, ?, ?, ?, ?)', [
    orderId,
    subject,
    amountMinor,
    'pending',
    Date.now(),
  ])
  return { orderId, status: 'pending' }
}

async function pay(orderId: string, { openid }: { openid: string }): Promise<unknown> {
  const order = await find(orderId)
  await db.execute('UPDATE bare_orders SET status = ? WHERE order_id = ? AND status = ?', ['sent', orderId, 'pending'])
  const prepayId = await prepay(order, openid)
  await db.execute('UPDATE bare_orders SET status = ?, prepay_id = ? WHERE order_id = ? AND status = ?', [
    'open',
    prepayId,
    orderId,
    'sent',
  ])
  const timeStamp = String(Math.floor(Date.now() / 1000))
  const nonceStr = randomBytes(16).toString('hex')
  const paySign = await rsaSign(`${appId}\n${timeStamp}\n${nonceStr}\nprepay_id=${prepayId}\n`)
  return { params: { appId, timeStamp, nonceStr, package: `prepay_id=${prepayId}`, signType: 'RSA', paySign } }
}

type Row = { order_id: string; subject: string; amount: number; status: string }

async function find(orderId: string): Promise<Row> {
  const [rows] = await db.execute('SELECT order_id, subject, amount, status FROM bare_orders WHERE order_id = ?', [orderId])
  const [row] = rows as Row[]
  if (!row) throw new Error('no such order')
  return row
}

/** An order of the other program's with its attempts and refunds, as a status read answers it. */
async function status(orderId: string): Promise<unknown> {
  const key = ['mer_default', orderId]
  const [[orders], [attempts], [refunds]] = await Promise.all([
    db.execute(
      'SELECT order_id, subject, body, amount_minor, currency, status, refunded_minor, user_id, metadata, channel, pay_type, transaction_id, created_at, expires_at, paid_at, closed_at FROM orders WHERE merchant_id = ? AND order_id = ?',
      key,
    ),
    db.execute(
      'SELECT payment_id, out_trade_no, channel, account, status, kept, transaction_id, created_at, succeeded_at FROM attempts WHERE merchant_id = ? AND order_id = ? ORDER BY created_at, payment_id',
      key,
    ),
    db.execute(
      'SELECT refund_id, out_refund_no, out_trade_no, amount_minor, currency, reason, status, created_at, succeeded_at FROM refunds WHERE merchant_id = ? AND order_id = ? ORDER BY created_at, refund_id',
      key,
    ),
  ])
  const [order] = orders as Array<Record<string, unknown>>
  if (!order) throw new Error('no such order')
  return { ...order, attempts, refunds }
}

async function prepay(order: Row, openid: string): Promise<string> {
  const path = '/v3/pay/transactions/jsapi'
  const body = JSON.stringify({
    appid: appId,
    mchid,
    description: order.subject,
    out_trade_no: order.order_id,
    notify_url: `http://127.0.0.1:${port}/notify`,
    amount: { total: order.amount, currency: 'CNY' },
    payer: { openid },
  })
  const timestamp = String(Math.floor(Date.now() / 1000))
  const nonce = randomBytes(16).toString('hex')
  const signature = await rsaSign(`POST\n${path}\n${timestamp}\n${nonce}\n${body}\n`)
  const authorization = `WECHATPAY2-SHA256-RSA2048 mchid="${mchid}",nonce_str="${nonce}",timestamp="${timestamp}",serial_no="${read('WECHAT_CERT_SERIAL_NO')}",signature="${signature}"`
  const headers = {
    authorization,
    'content-type': 'application/json',
    accept: 'application/json',
    'user-agent': 'bare/1.0',
    'wechatpay-serial': read('WECHAT_PUBLIC_KEY_ID'),
  }
  const reply = await upstream.request({ method: 'POST', path, headers, body })
  const text = Buffer.from(await reply.body.arrayBuffer())
  verify(reply.headers as Record<string, string>, text)
  return JSON.parse(text.toString()).prepay_id
}

async function notified(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void> {
  verify(request.headers as Record<string, string>, body)
  const { resource } = JSON.parse(body.toString())
  const trade = JSON.parse(decrypt(resource))
  const connection = await db.getConnection()
  try {
    await connection.beginTransaction()
    const [rows] = await connection.execute('SELECT amount FROM bare_orders WHERE order_id = ?', [trade.out_trade_no])
    if ((rows as Row[])[0]?.amount !== trade.amount.total) throw new Error('another amount')
    const [result] = await connection.execute(
      "UPDATE bare_orders SET status = 'succeeded', transaction_id = ? WHERE order_id = ? AND status IN ('sent', 'open')",
      [trade.transaction_id, trade.out_trade_no],
    )
    if ((result as { affectedRows: number }).affectedRows === 1)
      await connection.execute('INSERT INTO bare_events (event_id, order_id, type, data, created_at) VALUES (?, ?, ?, ?, ?)', [
        randomBytes(16).toString('hex'),
        trade.out_trade_no,
        'payment.succeeded',
        JSON.stringify(trade),
        Date.now(),
      ])
    await connection.commit()
  } catch (error) {
    await connection.rollback()
    throw error
  } finally {
    connection.release()
  }
  response.statusCode = 204
  response.end()
}

function decrypt({ ciphertext, nonce, associated_data }: { ciphertext: string; nonce: string; associated_data: string }): string {
  const bytes = Buffer.from(ciphertext, 'base64')
  const decipher = createDecipheriv('aes-256-gcm', v3Key, nonce).setAAD(Buffer.from(associated_data)).setAuthTag(bytes.subarray(-16))
  return decipher.update(bytes.subarray(0, -16), undefined, 'utf8') + decipher.final('utf8')
}

function verify(headers: Record<string, string>, body: Buffer): void {
  const message = Buffer.concat([
    Buffer.from(`${headers['wechatpay-timestamp']}\n${headers['wechatpay-nonce']}\n`),
    body,
    Buffer.from('\n'),
  ])
  if (Math.abs(Date.now() / 1000 - Number(headers['wechatpay-timestamp'])) > 300) throw new Error('stale')
  if (
    !createVerify('RSA-SHA256')
      .update(message)
      .verify(publicKey, headers['wechatpay-signature'] ?? '', 'base64')
  )
    throw new Error('bad signature')
}

function rsaSign(text: string): Promise<string> {
  return signOffLoop(privateKey, Buffer.from(text))
}

function signOffLoop(key: KeyObject, bytes: Buffer): Promise<string> {
  return new Promise((resolve, reject) =>
    sign('sha256', bytes, key, (error, signature) => (error ? reject(error) : resolve(signature.toString('base64')))),
  )
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function answer(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(value))
}
