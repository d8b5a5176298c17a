const lineFeed = 0x0a
const carriageReturn = 0x0d

/** The lines of UTF-8 bytes that come in pieces, without their ends; `onBytes` sees every piece as it came. */
export async function* linesOf(pieces: AsyncIterable<Uint8Array>, onBytes: (piece: Uint8Array) => void): AsyncGenerator<string> {
  let rest: Uint8Array = new Uint8Array()
  for await (const piece of pieces) {
    onBytes(piece)
    const bytes = rest.length === 0 ? Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength) : Buffer.concat([rest, piece])
    let from = 0
    for (let at = bytes.indexOf(lineFeed); at >= 0; at = bytes.indexOf(lineFeed, from)) {
      yield bytes.toString('utf8', from, bytes[at - 1] === carriageReturn && at > from ? at - 1 : at)
      from = at + 1
    }
    // A copy, so that a small rest does not hold a large piece.
    rest = Buffer.from(bytes.subarray(from))
  }
  if (rest.length > 0) yield Buffer.from(rest).toString('utf8')
}
