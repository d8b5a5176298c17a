import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

const headerBytes = 4
const queryCommand = 0x03
const errorMark = 0xff

/**
 * What becomes of a statement: `refuse` answers in the server's place with an error number, `cutBefore` ends the connection instead
 * of passing the statement on, `cutAfter` once the server has answered it, so that it happened and nobody was told.
 */
export type Fault = { readonly on: RegExp } & ({ readonly refuse: number } | { readonly cut: 'before' | 'after' })

export type MariaDbProxy = Awaited<ReturnType<typeof startProxy>>

/** Stands between a client and a MySQL-protocol server, hears every statement, and loses or refuses what a test says. */
export async function startProxy(serverUrl: string) {
  const server = new URL(serverUrl)
  const faults: Fault[] = []
  const heard: string[] = []
  const sockets = new Set<Socket>()
  const state = { isHung: false, isDown: false }
  const listener = createServer(join)
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as AddressInfo
  return { port, url: urlOf(port), heard, fault, hang, wake, goDown, comeUp, stop }

  function urlOf(at: number): string {
    const url = new URL(serverUrl)
    url.host = `127.0.0.1:${at}`
    return url.toString()
  }

  /** The next statement that matches meets with it, once. */
  function fault(...next: Fault[]): void {
    faults.push(...next)
  }
  /** Like a frozen machine: connections are taken, nothing is answered. */
  function hang(): void {
    state.isHung = true
  }
  function wake(): void {
    state.isHung = false
    for (const socket of sockets) socket.resume()
  }
  /** Like a dead one: what was open is cut, what comes is cut at once. */
  function goDown(): void {
    state.isDown = true
    for (const socket of sockets) socket.destroy()
  }
  function comeUp(): void {
    state.isDown = false
  }
  async function stop(): Promise<void> {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => listener.close(resolve))
  }

  function join(client: Socket): void {
    if (state.isDown) return void client.destroy()
    const upstream = connect(Number(server.port), server.hostname)
    const pair = [client, upstream]
    const line = { rest: Buffer.alloc(0), cutsOnAnswer: false }
    for (const socket of pair) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        for (const other of pair) other.destroy()
      })
    }
    upstream.on('data', (bytes) => {
      if (state.isHung) return void upstream.pause()
      if (line.cutsOnAnswer) return void client.destroy()
      client.write(bytes)
    })
    client.on('data', (bytes) => {
      line.rest = Buffer.concat([line.rest, bytes])
      if (state.isHung) return void client.pause()
      for (let packet = takePacket(); packet; packet = takePacket()) pass(packet)
    })

    function takePacket(): Buffer | undefined {
      if (line.rest.length < headerBytes) return undefined
      const length = headerBytes + line.rest.readUIntLE(0, 3)
      if (line.rest.length < length) return undefined
      const packet = line.rest.subarray(0, length)
      line.rest = line.rest.subarray(length)
      return packet
    }

    function pass(packet: Buffer): void {
      const text = statementIn(packet)
      if (text !== undefined) heard.push(text)
      const nth = text === undefined ? -1 : faults.findIndex((one) => one.on.test(text))
      const [met] = nth < 0 ? [] : faults.splice(nth, 1)
      if (met === undefined) return void upstream.write(packet)
      if ('refuse' in met) return void client.write(errorPacket(met.refuse))
      if (met.cut === 'before') return void client.destroy()
      line.cutsOnAnswer = true
      upstream.write(packet)
    }
  }
}

function statementIn(packet: Buffer): string | undefined {
  const isCommand = packet[headerBytes - 1] === 0
  return isCommand && packet[headerBytes] === queryCommand ? packet.subarray(headerBytes + 1).toString() : undefined
}

/** An ERR packet as the protocol has it: mark, number, SQL state, words. */
function errorPacket(errno: number): Buffer {
  const payload = Buffer.concat([Buffer.from([errorMark, errno & 0xff, errno >> 8]), Buffer.from('#HY000refused on the way')])
  const header = Buffer.from([payload.length, 0, 0, 1])
  return Buffer.concat([header, payload])
}
