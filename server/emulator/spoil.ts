import { answer, type Exchange } from './exchange.ts'
import type { CallFault } from './faults.ts'

const hugeBytes = 64 * 1024 * 1024

/** What goes wrong on the wire. Each says whether the exchange is over; a time-out is an answer that never comes. */
export const spoil = {
  /** Before anything is done. */
  before({ response }: Exchange, fault: CallFault | undefined): boolean {
    switch (fault) {
      case 'timeout_before':
        return true
      case 'reset':
        response.socket?.destroy()
        return true
      case 'status_500':
        answer(response, 500, '<html><body><h1>500 Internal Server Error</h1></body></html>')
        return true
      case 'redirect':
        answer(response, 307, '', { Location: 'http://127.0.0.1:9/elsewhere' })
        return true
      default:
        return false
    }
  },

  /** After it was done, before it is answered. */
  after(_exchange: Exchange, fault: CallFault | undefined): boolean {
    return fault === 'timeout_after'
  },

  /** In the answer's body. */
  body({ response }: Exchange, fault: CallFault | undefined, status: number, bytes: Buffer): boolean {
    if (fault === 'slow_body') {
      response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': String(bytes.length) })
      response.write(bytes.subarray(0, 1))
      return true
    }
    if (fault === 'huge_body') {
      response.writeHead(status, { 'Content-Type': 'application/json' })
      response.on('error', () => {})
      response.end(Buffer.alloc(hugeBytes, ' '))
      return true
    }
    return false
  },
}
