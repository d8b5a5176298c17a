import { makeHttpClient } from '../../server/lib/http-client.ts'
import { Secret } from '../../server/lib/secret.ts'

/** A process of its own, since whom Node trusts is decided when it starts: asks once with a certificate and once without. */
const { ORIGIN = '', CERTIFICATE = '', KEY = '' } = process.env
const client = makeHttpClient()
const request = { method: 'POST', url: `${ORIGIN}/secapi/pay/refund`, headers: {}, timeoutMs: 5000, maxBytes: 1000 } as const
const shown = await client.fetch({ ...request, clientCertificate: { certificate: CERTIFICATE, privateKey: new Secret(KEY) } })
const bare = await client.fetch(request)
await client.end()
process.stdout.write(JSON.stringify([shown, bare].map(({ body }) => Buffer.from(body).toString())))
