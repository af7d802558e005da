import { EventEmitter } from 'node:events'
import type { ReadStream, WriteStream } from 'node:tty'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { showLive } from '../../../src/cli/demo/live.ts'
import type { RegionProcess } from '../../../src/cli/demo/region-process.ts'
import { SAMPLE_STATUS } from '../../admin/sample-status.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A terminal that remembers what was written to it, and a keyboard. */
function createShow() {
  const written: string[] = []
  const modes: boolean[] = []
  const done: string[] = []
  const output = Object.assign(new EventEmitter(), {
    isTTY: true,
    columns: 80,
    rows: 24,
    write: (text: string) => written.push(text),
  })
  const input = Object.assign(new EventEmitter(), {
    isTTY: true,
    setRawMode: (on: boolean) => modes.push(on),
    pause: () => undefined,
  })
  const region = (name: string) =>
    ({
      toggle: () => done.push(name),
      view: () => ({ name, address: '127.1.0.1', port: 1, pid: 7 }),
    }) as unknown as RegionProcess
  const close = showLive({
    director: { status: () => SAMPLE_STATUS, onEvent: () => undefined, stop: () => Promise.resolve() },
    regions: [region('us-east'), region('eu-west')],
    events: [{ at: '2026-11-24T10:00:29.000Z', text: 'eu-west: started again' }],
    onRegionEvent: () => undefined,
    input: input as unknown as ReadStream,
    output: output as unknown as WriteStream,
    quit: () => done.push('quit'),
  })
  return { written, modes, done, input, output, close, press: (keys: string) => input.emit('data', Buffer.from(keys)) }
}

test('draws in place twice a second, and when the terminal changes its size', () => {
  const { written, output, close } = createShow()
  const drawn = () => written.filter((text) => text.startsWith('\u001b[H')).length
  expect(drawn()).toBe(1)
  vi.advanceTimersByTime(1_000)
  expect(drawn()).toBe(3)
  output.emit('resize')
  expect(drawn()).toBe(4)
  expect(written.at(-1)).toContain('eu-west: started again')
  close()
})

test('keys kill or start a region, or quit', () => {
  const { done, press, close } = createShow()
  press('2')
  press('19x')
  press('q')
  press('\u0003')
  expect(done).toEqual(['eu-west', 'us-east', 'quit', 'quit'])
  close()
})

test('gives the terminal back as it was, and draws no more', () => {
  const { written, modes, input, output, close } = createShow()
  expect(written[0]).toBe('\u001b[?1049h\u001b[?25l')
  close()
  close()
  expect(written.filter((text) => text === '\u001b[?25h\u001b[?1049l')).toHaveLength(1)
  expect(modes.at(0)).toBe(true)
  expect(modes.at(-1)).toBe(false)
  expect(input.listenerCount('data') + output.listenerCount('resize')).toBe(0)
  const before = written.length
  vi.advanceTimersByTime(2_000)
  expect(written).toHaveLength(before)
})
