import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Letter = { readonly headers: IncomingHttpHeaders; readonly body: string; readonly path: string }
export type Receiver = Awaited<ReturnType<typeof startReceiver>>

/** A merchant's server that is told of events: it answers as it is told to, and keeps what it was sent. */
export async function startReceiver() {
  const letters: Letter[] = []
  let answer: { status: number; headers?: Record<string, string>; body?: string } | 'never' | 'hangUp' = { status: 200 }
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => {
      body += chunk
    })
    request.on('end', () => {
      letters.push({ headers: request.headers, body, path: request.url ?? '' })
      if (answer === 'never') return
      if (answer === 'hangUp') return void request.socket.destroy()
      response.writeHead(answer.status, answer.headers).end(answer.body ?? '')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    letters,
    answers: (now: typeof answer) => {
      answer = now
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
