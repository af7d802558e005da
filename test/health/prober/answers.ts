// Answers of DNS and gRPC servers for tests, made by independent means: by dns2, and by the bytes of the specification.
import type { ServerHttp2Stream } from 'node:http2'
import dns2 from 'dns2'

const { Packet } = dns2

/** The answer to a query with these A records. */
export function answerDns(query: Buffer, addresses: readonly string[], rcode = 0): Buffer {
  const packet = Packet.createResponseFromRequest(Packet.parse(query))
  packet.header.rcode = rcode
  for (const address of addresses) {
    packet.answers.push(Packet.createResourceFromQuestion(packet.questions[0]!, { ttl: 30, address }))
  }
  return packet.toBuffer()
}

export interface GrpcAnswer {
  /** Of the health service: 1 is SERVING. */
  readonly status?: number
  readonly grpcStatus?: string
  readonly message?: Buffer
}

export function answerGrpc(
  stream: ServerHttp2Stream,
  { status = 1, grpcStatus = '0', message }: GrpcAnswer = {},
): void {
  stream.on('error', () => undefined)
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': grpcStatus }))
  stream.end(message ?? Buffer.from([0, 0, 0, 0, 2, 0x08, status]))
}
