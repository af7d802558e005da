import { once } from 'node:events'
import { connect } from 'node:net'
import { assert, integer, property } from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { Agent } from '../../src/agent/agent.ts'
import { formatWord, parseQuestion, wordOfPart } from '../../src/agent/word.ts'
import { monotonicMs } from '../support/monotonic.ts'

describe('a word', () => {
  it.each([
    [1, 'up'],
    [2, 'up'],
    [0.5, '50%'],
    [0.001, '1%'],
    [0, 'drain'],
  ])('of the part %d is %s', (part, word) => {
    expect(wordOfPart(part)).toBe(word)
  })

  it('never drains a server that should have something', () => {
    assert(property(integer({ min: 1, max: 1_000_000 }), (n) => wordOfPart(n / 1_000_000) !== 'drain'))
  })

  it.each([
    ['up', 'ready up 100%\n'],
    ['40%', 'ready up 40%\n'],
    ['drain', 'drain up\n'],
    ['maint', 'maint\n'],
    ['down', 'ready down #forced by the director\n'],
  ] as const)('%s says all that the one before could have said', (word, line) => {
    expect(formatWord(word)).toBe(line)
  })
})

it.each([
  ['us-east/web-1', { region: 'us-east', server: 'web-1' }],
  ['us-east/web-1\r', { region: 'us-east', server: 'web-1' }],
  ['us-east/[2001:db8::1]:443', { region: 'us-east', server: '[2001:db8::1]:443' }],
  ['us-east', undefined],
  ['us-east/', undefined],
  ['a/b/c', undefined],
  ['GET / HTTP/1.1', undefined],
  ['', undefined],
])('%j asks for %j', (line, question) => {
  expect(parseQuestion(line)).toEqual(question)
})

describe('the listener', () => {
  let agent: Agent
  const unknown: string[] = []
  afterEach(async () => {
    unknown.length = 0
    await agent.stop()
  })

  async function start(): Promise<void> {
    agent = new Agent({
      listen: { host: '127.0.0.1', port: 0 },
      wordOf: ({ region, server }) => (region === 'us' ? (server === 'web-1' ? '40%' : 'up') : undefined),
      onUnknown: (line) => unknown.push(line),
      onError: (error) => expect.unreachable(String(error)),
    })
    expect(await agent.start()).toBeUndefined()
  }

  async function say(...parts: readonly string[]): Promise<string> {
    const socket = connect(agent.port, '127.0.0.1').setEncoding('utf8').setNoDelay()
    const closed = once(socket, 'close')
    let heard = ''
    socket.on('data', (text: string) => (heard += text)).on('error', () => undefined)
    for (const part of parts) {
      socket.write(part)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await closed
    return heard
  }

  it('answers a question with a line, in whatever pieces it comes', async () => {
    await start()
    expect(await say('us/web-1\n')).toBe('ready up 40%\n')
    expect(await say('us/', 'web-', '2', '\n')).toBe('ready up 100%\n')
  })

  it('gives no answer to what it does not know, and tells of it once', async () => {
    await start()
    expect(await say('mars/web-1\n')).toBe('')
    expect(await say('mars/web-1\n')).toBe('')
    expect(await say('nonsense\n')).toBe('')
    expect(unknown).toEqual(['mars/web-1', 'nonsense'])
  })

  it('waits for a second, and reads no more than a line', async () => {
    await start()
    const at = monotonicMs()
    expect(await say('us/web-1')).toBe('')
    expect(monotonicMs() - at).toBeGreaterThan(900)
    expect(await say('x'.repeat(300))).toBe('')
    expect(monotonicMs() - at).toBeLessThan(2500)
  })

  it('says why it cannot listen', async () => {
    await start()
    const options = { wordOf: () => undefined, onUnknown: () => undefined, onError: () => undefined }
    const second = new Agent({ listen: { host: '127.0.0.1', port: agent.port }, ...options })
    expect(await second.start()).toBe('EADDRINUSE')
  })
})
