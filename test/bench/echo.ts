// A server whose responder is a bare echo, on the port given; for bench.ts.
import { Server, lanesFor } from '../../src/server/server.ts'
import { Publisher } from '../../src/snapshot/publication.ts'
import { WIDE_TCP_LIMITS } from '../support/tcp-limits.ts'

const server = new Server({
  endpoints: [{ host: '127.0.0.1', port: Number(process.argv[2]) }],
  workers: 1,
  publication: new Publisher(lanesFor(1)),
  tcp: WIDE_TCP_LIMITS,
  responder: new URL('./echo-responder.ts', import.meta.url),
})
const faults = await server.start()
if (faults.length > 0) throw new Error(faults.map(({ message }) => message).join('; '))
process.once('SIGTERM', () => void server.stop().then(() => process.exit()))
