// The dns probe: one query over UDP or TCP, an RCODE that is expected, and an answer if the monitor names one.
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { formatAddress } from '../../base/address.ts'
import { systemRandom } from '../../base/random.ts'
import { formatRcode } from '../../dns/types.ts'
import type { DnsMonitor } from '../monitor.ts'
import { buildQuery, readAnswer, type DnsAnswer } from './dns-message.ts'
import {
  createProbe,
  failure,
  patienceLost,
  success,
  type Probe,
  type TargetOf,
  type Telling,
  type Verdict,
} from './prober.ts'
import { judgeError } from './trouble.ts'

export function createDnsProbe(): Probe<DnsMonitor> {
  return createProbe((target, telling) => {
    const query = buildQuery(target.monitor, Math.floor(systemRandom() * 0x10000))
    return target.monitor.transport === 'udp' ? askByUdp(target, query, telling) : askByTcp(target, query, telling)
  }, 'no answer')
}

/** The socket is connected, so that a refusal (ICMP) reaches it and strangers' packets do not. */
function askByUdp({ address, monitor }: TargetOf<DnsMonitor>, query: Uint8Array, { done, reach }: Telling): () => void {
  const socket = createSocket(address.family === 4 ? 'udp4' : 'udp6')
  let open = true
  socket.on('connect', () => socket.send(query))
  socket.on('message', (message) => {
    const answer = readAnswer(message, query)
    if (answer === undefined) reach('only messages that do not answer the query')
    else done(judge(answer, monitor))
  })
  socket.on('error', (error) => done(judgeError(error)))
  socket.connect(monitor.port, formatAddress(address))
  return () => {
    if (open) socket.close()
    open = false
  }
}

/** RFC 7766: a length before each message. */
function askByTcp({ address, monitor }: TargetOf<DnsMonitor>, query: Uint8Array, { done, reach }: Telling): () => void {
  const socket = connect({ host: formatAddress(address), port: monitor.port })
  let said = Buffer.alloc(0)
  socket.on('connect', () => {
    reach('connected, no answer')
    socket.write(Uint8Array.of(query.length >> 8, query.length & 0xff, ...query))
  })
  socket.on('data', (chunk: Buffer) => {
    said = Buffer.concat([said, chunk])
    if (said.length < 2 || said.length < 2 + said.readUInt16BE()) return
    const answer = readAnswer(said.subarray(2, 2 + said.readUInt16BE()), query)
    done(answer === undefined ? failure('the message does not answer the query') : judge(answer, monitor))
  })
  socket.on('end', () => done(patienceLost('closed before answering')))
  socket.on('error', (error) => done(judgeError(error)))
  return () => socket.destroy()
}

function judge({ rcode, truncated, answers }: DnsAnswer, { expectedRcodes, expectedAnswer }: DnsMonitor): Verdict {
  const name = formatRcode(rcode)
  if (!expectedRcodes.includes(rcode)) return failure(name)
  if (expectedAnswer === undefined) return success(name)
  if (truncated) return failure(`${name}, but truncated: ask by tcp`)
  if (answers === undefined) return failure(`${name}, but malformed`)
  if (answers.includes(expectedAnswer)) return success(name)
  return failure(`${name}, but ${answers.length === 0 ? 'no answer' : answers.slice(0, 4).join(', ')}`)
}
