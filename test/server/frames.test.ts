import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Frames } from '../../src/server/frames.ts'
import { frame } from './fixtures/clients.ts'

function takeAll(frames: Frames): Uint8Array[] {
  const message = new Uint8Array(65_535)
  const messages = []
  for (let length = frames.take(message, 65_535); length >= 0; length = frames.take(message, 65_535)) {
    messages.push(message.slice(0, length))
  }
  frames.settle()
  return messages
}

test('whatever the pieces, the same messages come out, once and in order', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 })
  fc.assert(
    fc.property(messages, fc.infiniteStream(fc.integer({ min: 1, max: 400 })), (sent, sizes) => {
      const stream = Buffer.concat(sent.map(frame))
      const frames = new Frames()
      const got = []
      for (let at = 0; at < stream.length;) {
        const size = sizes.next().value as number
        // The socket reuses its block: what we keep must be ours.
        const chunk = stream.subarray(at, at + size)
        const lent = Uint8Array.from(chunk)
        frames.push(lent)
        got.push(...takeAll(frames))
        lent.fill(0xee)
        at += size
      }
      expect(got.map((bytes) => Buffer.from(bytes))).toEqual(sent.map((bytes) => Buffer.from(bytes)))
      expect(frames.held).toBe(0)
    }),
  )
})

test('messages left untaken stay for later, behind what comes next', () => {
  const frames = new Frames()
  const message = new Uint8Array(65_535)
  frames.push(Buffer.concat([frame(Buffer.from('one')), frame(Buffer.from('two'))]))
  expect(frames.take(message, 65_535)).toBe(3)
  frames.settle()
  frames.push(frame(Buffer.from('three')))
  expect(takeAll(frames).map((bytes) => Buffer.from(bytes).toString())).toEqual(['two', 'three'])
})
