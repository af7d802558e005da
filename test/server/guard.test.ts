import fc from 'fast-check'
import { expect, test } from 'vitest'
import { counter, createCounters } from '../../src/metrics/counters.ts'
import { guardResponder, writeServfail } from '../../src/server/guard.ts'

/** ID abcd, opcode 0 with RD, one question: example.com A IN. */
const QUERY = Buffer.from('abcd01000001000000000000076578616d706c6503636f6d0000010001', 'hex')

function servfail(query: Uint8Array, limit = 512): Buffer {
  const output = Buffer.alloc(600, 0xff)
  const input = Buffer.concat([Buffer.alloc(3, 0xff), query])
  return output.subarray(5, 5 + writeServfail(input, 3, query.length, output, 5, limit))
}

test('echoes ID, opcode, RD and the question', () => {
  expect(servfail(QUERY).toString('hex')).toBe('abcd81020001000000000000076578616d706c6503636f6d0000010001')
})

test('leaves out what follows the question, and a question that cannot be read', () => {
  const withOpt = Buffer.concat([QUERY, Buffer.from('0000291000000000000000', 'hex')])
  withOpt[11] = 1
  expect(servfail(withOpt)).toEqual(servfail(QUERY))
  expect(servfail(QUERY.subarray(0, 20)).toString('hex')).toBe('abcd81020000000000000000')
})

test('is silent to responses and to what is shorter than a header', () => {
  const response = Buffer.from(QUERY)
  response[2] = 0x81
  expect(servfail(response)).toHaveLength(0)
  expect(servfail(QUERY.subarray(0, 11))).toHaveLength(0)
})

test('never throws, never exceeds its limit, never grows a query', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.integer({ min: 12, max: 512 }), (query, limit) => {
      const length = servfail(query, limit).length
      expect(length).toBeLessThanOrEqual(Math.min(limit, Math.max(query.length, 12)))
    }),
  )
})

test('whatever the responder throws is counted, reported and answered', () => {
  const counters = createCounters()
  const reports: unknown[] = []
  const fault = new Error('broken invariant')
  const broken = {
    enter: () => undefined,
    leave: () => undefined,
    sent: () => undefined,
    answer: () => {
      throw fault
    },
  }
  const guarded = guardResponder(broken, counters, (error) => reports.push(error))
  const length = guarded.answer(QUERY, 0, QUERY.length, new Int32Array(5), new Uint8Array(512), 0, 512)
  expect(length).toBe(QUERY.length)
  expect(counters[counter.internalErrors]).toBe(1)
  expect(reports).toEqual([fault])
})
