import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

const headersMaxBytes = 16 * 1024
const headersTimeoutMs = 10_000
const requestTimeoutMs = 30_000
const keepAliveMs = 65_000

/** What answers requests. */
export type Answering = {
  (request: IncomingMessage, response: ServerResponse): unknown
  /** Ends the answers that would go on for ever. */
  endStreams?(): void
  /** Writes a line about a request that could not be read, and names it. */
  nameUnread?(status: number): string
}

export type Listening = { readonly origin: string; close(): Promise<void> }

/** Listens with limits that end slow and endless clients. Closing stops accepting, ends streams and waits for what is in flight. */
export async function listen(answer: Answering, { port, host }: { port: number; host: string }): Promise<Listening> {
  const connections = new Set<Socket>()
  const inFlight = new Map<ServerResponse, Socket>()
  let isClosing = false
  const server = createServer(
    { maxHeaderSize: headersMaxBytes, headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs, keepAliveTimeout: keepAliveMs },
    (request, response) => {
      inFlight.set(response, request.socket)
      if (isClosing) announceEnd(response)
      response.once('close', () => {
        inFlight.delete(response)
        if (isClosing) hangUpIfQuiet(request.socket)
      })
      void answer(request, response)
    },
  )
  server.on('connection', (socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  })
  server.on('clientError', (error, socket) => answerBadly(error, socket as Socket, (status) => answer.nameUnread?.(status) ?? ''))
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  const { port: actual } = server.address() as AddressInfo
  return { origin: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`, close }

  function close(): Promise<void> {
    isClosing = true
    const closing = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const response of inFlight.keys()) announceEnd(response)
    answer.endStreams?.()
    // Node hangs up on those that had an answer, not on those that connected ahead of time and have not asked yet.
    for (const socket of connections) hangUpIfQuiet(socket)
    return closing
  }

  function hangUpIfQuiet(socket: Socket): void {
    if (![...inFlight.values()].includes(socket)) socket.destroySoon()
  }
}

/** Tells the client that this is the last answer on its connection. */
function announceEnd(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close')
}

/** What cannot be read as a request is answered in the envelope all the same. */
function answerBadly(error: NodeJS.ErrnoException, socket: Socket, name: (status: number) => string): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  const [status, words, reason] = refusalOf(error)
  const requestId = name(status)
  const body = JSON.stringify({ success: false, error: reason, code: 'INVALID_REQUEST', details: {}, requestId })
  const head = [
    `HTTP/1.1 ${status} ${words}`,
    `x-request-id: ${requestId}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

function refusalOf({ code }: NodeJS.ErrnoException): [status: number, words: string, reason: string] {
  if (code === 'HPE_HEADER_OVERFLOW') return [431, 'Request Header Fields Too Large', `headers are larger than ${headersMaxBytes} bytes`]
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return [408, 'Request Timeout', 'the request did not arrive in time']
  return [400, 'Bad Request', 'the request cannot be read']
}
