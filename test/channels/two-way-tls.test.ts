import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { makeHttpClient } from '../../server/lib/http-client.ts'
import { Secret } from '../../server/lib/secret.ts'
import { selfSigned } from '../support/self-signed.ts'

const day = 24 * 60 * 60 * 1000
let server: Server
let origin: string
let folder: string
const theirs = pair('localhost')
const ours = pair('merchant 1900000001')

function pair(name: string): { cert: string; key: string } {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const cert = selfSigned(privateKey, { serial: '11223344', from: Date.now() - day, to: Date.now() + day, name })
  return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
}

/** Asks everybody for a certificate, and says whose it got. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shouyin-tls-'))
  writeFileSync(join(folder, 'trusted.pem'), theirs.cert)
  server = createServer({ ...theirs, requestCert: true, rejectUnauthorized: false }, ({ socket }, response) => {
    const subject = socket instanceof TLSSocket ? socket.getPeerCertificate().subject : undefined
    response.end(subject?.CN === undefined ? 'nobody' : String(subject.CN))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `https://localhost:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

describe('a call over two-way TLS', () => {
  it('shows the merchant’s certificate, and no other call travels under it', async () => {
    const script = join(import.meta.dirname, '../support/show-certificate.ts')
    const env = {
      PATH: process.env.PATH,
      NODE_EXTRA_CA_CERTS: join(folder, 'trusted.pem'),
      ORIGIN: origin,
      CERTIFICATE: ours.cert,
      KEY: ours.key,
    }

    const { stdout } = await promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', script], { env })

    expect(JSON.parse(stdout)).toEqual(['merchant 1900000001', 'nobody'])
  })

  it('trusts no server that nobody vouches for', async () => {
    const client = makeHttpClient()
    const clientCertificate = { certificate: ours.cert, privateKey: new Secret(ours.key) }
    const asked = client.fetch({ method: 'POST', url: origin, headers: {}, timeoutMs: 2000, maxBytes: 1000, clientCertificate })

    await expect(asked).rejects.toMatchObject({ kind: 'notSent', isTls: true })
    await client.end()
  })
})
