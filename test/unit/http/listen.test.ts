import { once } from 'node:events'
import { Agent, get, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from '@jest/globals'
import { type Answering, type Listening, listen } from '../../../server/http/listen.ts'

const opened: { listening: Listening | undefined; agent: Agent } = { listening: undefined, agent: new Agent({ keepAlive: true }) }
afterEach(async () => {
  opened.agent.destroy()
  await opened.listening?.close()
})

async function listenTo(answer: Answering): Promise<Listening> {
  opened.agent = new Agent({ keepAlive: true })
  opened.listening = await listen(answer, { port: 0, host: '127.0.0.1' })
  return opened.listening
}

/** A request on a connection that is kept alive. */
async function ask(origin: string): Promise<IncomingMessage> {
  const [answer] = await once(get(origin, { agent: opened.agent }), 'response')
  return answer
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of answer) text += chunk
  return text
}

/** What comes back for bytes that no client of ours would send, until the server hangs up. */
async function raw(origin: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(origin)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  socket.write(bytes)
  let text = ''
  for await (const chunk of socket) text += chunk
  return text
}

describe('what cannot be read as a request', () => {
  it.each([
    ['headers of 20 KB', `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`, '431'],
    [
      'two ways to say how long the body is',
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n',
      '400',
    ],
    ['a length that is none', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n', '400'],
    ['a header with a bare line feed', 'GET / HTTP/1.1\r\nHost: x\r\nX-A: a\nX-B : b\r\n\r\n', '400'],
    ['no HTTP', '\u0016\u0003\u0001\u0002\u0000\r\n\r\n', '400'],
  ])('%s is refused in the envelope, and the connection ends', async (_name, bytes, status) => {
    const { origin } = await listenTo((_request, response) => response.end('reached'))

    const [head = '', body = ''] = (await raw(origin, bytes)).split('\r\n\r\n')

    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(JSON.parse(body)).toMatchObject({ success: false, code: 'INVALID_REQUEST' })
  })
})

describe('closing', () => {
  it('waits for the answer under way, and not for its connection to fall asleep', async () => {
    const arrived = Promise.withResolvers<ServerResponse>()
    const { origin, close } = await listenTo((_request, response) => arrived.resolve(response))
    const asking = ask(origin)
    const response = await arrived.promise

    const closing = close()
    response.end('done')

    const answer = await asking
    expect(await textOf(answer)).toBe('done')
    expect(answer.headers.connection).toBe('close')
    await closing
  })

  it('ends the connection of an answer that had begun before', async () => {
    const begun: ServerResponse[] = []
    const { origin, close } = await listenTo((_request, response) => {
      response.write('begun')
      begun.push(response)
    })
    const answer = await ask(origin)

    const closing = close()
    begun[0]?.end(', ended')

    expect(await textOf(answer)).toBe('begun, ended')
    await closing
  })

  it('does not wait for a connection on which nobody has asked yet', async () => {
    const { origin, close } = await listenTo((_request, response) => response.end('reached'))
    const { hostname, port } = new URL(origin)
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    await textOf(await ask(origin))

    await Promise.all([once(socket.resume(), 'close'), close()])
  })

  it('ends streams, which would never end by themselves', async () => {
    const streams: ServerResponse[] = []
    const { origin, close } = await listenTo(
      Object.assign(
        (_request: IncomingMessage, response: ServerResponse) => {
          response.write('event: status\n\n')
          streams.push(response)
        },
        {
          endStreams: () => {
            for (const stream of streams) stream.end()
          },
        },
      ),
    )
    const answer = await ask(origin)

    const closing = close()

    expect(await textOf(answer)).toBe('event: status\n\n')
    await closing
  })

  it('lets nobody in any more', async () => {
    const { origin, close } = await listenTo((_request, response) => response.end('reached'))

    await close()

    await expect(ask(origin)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})
