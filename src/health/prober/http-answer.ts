// What an HTTP answer is worth: status, headers, then the body as far as it is read. Pure but for the reading itself.
import type { IncomingMessage } from 'node:http'
import { valueAtPath } from '../json-path.ts'
import type { HttpMonitor } from '../monitor.ts'
import { failure, MAX_ANSWER_BYTES, patienceLost, success, type Telling, type Verdict } from './prober.ts'

const BOUND = `${MAX_ANSWER_BYTES / 1024} KiB`

/** Reads the answer, no further than MAX_ANSWER_BYTES of its body, and tells what it is worth. */
export function judgeAnswer(response: IncomingMessage, monitor: HttpMonitor, { done, reach }: Telling): void {
  const status = response.statusCode ?? 0
  const refused = judgeHead(response, monitor)
  if (refused !== undefined) {
    done(refused)
    return
  }
  reach(`${status}, body without end`)
  const wantsBody = monitor.expectedBody !== undefined || Object.keys(monitor.expectedJson).length > 0
  const kept: Buffer[] = []
  let bytes = 0
  const judge = (isWhole: boolean): void => done(judgeBody(status, Buffer.concat(kept), isWhole, monitor))
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (wantsBody) kept.push(chunk)
    if (bytes > MAX_ANSWER_BYTES) judge(false)
  })
  response.on('end', () => judge(true))
  response.on('error', () => done(patienceLost(`${status}, then closed before the end`)))
}

function judgeHead({ statusCode = 0, headers }: IncomingMessage, monitor: HttpMonitor): Verdict | undefined {
  if (!monitor.expectedStatus.some(([low, high]) => low <= statusCode && statusCode <= high)) {
    return failure(String(statusCode))
  }
  for (const [name, expected] of Object.entries(monitor.expectedHeaders)) {
    const value = headers[name]
    if (value === undefined) return failure(`${statusCode}, but no header ${name}`)
    if (!String(value).includes(expected)) return failure(`${statusCode}, but ${name} is ${inShort(value)}`)
  }
  return undefined
}

function judgeBody(status: number, body: Buffer, isWhole: boolean, monitor: HttpMonitor): Verdict {
  const { expectedBody, expectedJson } = monitor
  if (expectedBody !== undefined && !body.includes(expectedBody)) {
    return failure(`${status}, but ${isWhole ? 'the body' : `its first ${BOUND}`} without ${inShort(expectedBody)}`)
  }
  if (Object.keys(expectedJson).length === 0) return success(String(status))
  if (!isWhole) return failure(`${status}, but more than ${BOUND} of JSON`)
  const problem = jsonProblem(body, expectedJson)
  return problem === undefined ? success(String(status)) : failure(`${status}, but ${problem}`)
}

function jsonProblem(body: Buffer, expected: HttpMonitor['expectedJson']): string | undefined {
  let document: unknown
  try {
    document = JSON.parse(body.toString())
  } catch {
    return 'the body is not JSON'
  }
  for (const [path, value] of Object.entries(expected)) {
    const actual = valueAtPath(document, path)
    if (actual !== value) return `${path} is ${actual === undefined ? 'missing' : inShort(actual)}`
  }
  return undefined
}

function inShort(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
