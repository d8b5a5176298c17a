import { asOrderId, type OrderId } from '../../../shared/kernel/ids.ts'
import { chinaStamp, type Instant } from '../../../shared/kernel/time.ts'

/** How many numbers one installation can draw in a second; a draw that is taken is drawn again. */
const drawsPerSecond = 10_000
const installations = 100

/**
 * An order number: prefix, `yyyyMMddHHmmss` in China, and six digits, of which the first two name the installation, so that two
 * databases with one merchant number do not meet, and the last four are drawn.
 *
 * @param installation any text that names this installation and no other.
 * @param draw any non-negative integer; chance, so that a number cannot be foreseen and a restored backup does not repeat one.
 */
export function orderNumber(parts: { prefix: string; at: Instant; installation: string; draw: number }): OrderId {
  const place = String(installationDigits(parts.installation)).padStart(2, '0')
  const drawn = String(parts.draw % drawsPerSecond).padStart(4, '0')
  return asOrderId(`${parts.prefix}${chinaStamp(parts.at)}${place}${drawn}`)
}

function installationDigits(installation: string): number {
  let sum = 7
  for (const letter of installation) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 1_000_003
  return sum % installations
}

/**
 * The n-th draw of a seed: the same seed draws the same numbers again, so that a request that is run again after a crash finds the
 * number it made the first time.
 */
export function drawFrom(seed: string, nth: number): number {
  let mixed = 0x811c9dc5 ^ nth
  for (const letter of `${seed}/${nth}`) {
    mixed ^= letter.codePointAt(0) ?? 0
    mixed = Math.imul(mixed, 0x01000193)
  }
  mixed ^= mixed >>> 15
  mixed = Math.imul(mixed, 0x2c1b3c6d)
  return (mixed ^ (mixed >>> 13)) >>> 0
}
