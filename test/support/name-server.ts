import { createSocket } from 'node:dgram'
import { once } from 'node:events'

const headerBytes = 12
const answered = 0x8180
const noSuchName = 3
const typeA = 1

export type NameServer = Awaited<ReturnType<typeof startNameServer>>

/** A name server that knows these names by their IPv4 addresses; one without any keeps silent, others do not exist. */
export async function startNameServer(known: Readonly<Record<string, readonly string[] | undefined>>) {
  const socket = createSocket('udp4')
  const asked: string[] = []
  socket.on('message', (query, { port, address }) => {
    const { name, type, end } = questionIn(query)
    asked.push(name)
    const silent = name in known && known[name] === undefined
    if (!silent) socket.send(reply(query.subarray(0, end), type === typeA ? known[name] : [], name in known), port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    close: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  }
}

function questionIn(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = headerBytes
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.'), type: query.readUInt16BE(at + 1), end: at + 5 }
}

function reply(question: Buffer, addresses: readonly string[] = [], isKnown: boolean): Buffer {
  const header = Buffer.from(question)
  header.writeUInt16BE(answered | (isKnown ? 0 : noSuchName), 2)
  header.writeUInt16BE(addresses.length, 6)
  header.writeUInt32BE(0, 8)
  // A pointer to the name that was asked for, IN, no time to live.
  const records = addresses.map((address) =>
    Buffer.from([0xc0, headerBytes, 0, typeA, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)]),
  )
  return Buffer.concat([header, ...records])
}
