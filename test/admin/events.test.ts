import { expect, test } from 'vitest'
import { EventBook } from '../../src/wiring/event-book.ts'
import { Desk, LOCAL } from './desk.ts'

/** Reads a stream until it has said something that matches. */
async function readUntil(response: Response, pattern: RegExp): Promise<string> {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  let text = ''
  while (!pattern.test(text)) {
    const part = await reader.read()
    if (part.done) break
    text += new TextDecoder().decode(part.value)
  }
  await reader.cancel()
  return text
}

test('a stream begins with what comes, and resumes after the last one seen', async () => {
  const desk = new Desk()
  desk.happen('before')
  const app = desk.routes()
  const live = await app.request('/v1/events/stream', {}, LOCAL)
  expect(live.headers.get('content-type')).toContain('text/event-stream')
  setTimeout(() => desk.happen('now'), 20)
  const text = await readUntil(live, /now/)
  expect(text).not.toContain('before')
  expect(text).toContain('id: 2')
  const resumed = await app.request('/v1/events/stream', { headers: { 'last-event-id': '0' } }, LOCAL)
  const all = await readUntil(resumed, /now/)
  expect([...all.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))).toEqual([1, 2])
})

test('there are so many streams and no more; one that ends makes room', async () => {
  const app = new Desk().routes()
  const open = async () => app.request('/v1/events/stream', {}, LOCAL)
  const streams = await Promise.all(Array.from({ length: 16 }, open))
  expect((await open()).status).toBe(503)
  for (const { body } of streams) await body!.cancel()
  await new Promise((resolve) => setTimeout(resolve, 20))
  const again = await open()
  expect(again.status).toBe(200)
  await again.body!.cancel()
})

test('pages go on after an id', async () => {
  const desk = new Desk()
  for (const text of ['a', 'b', 'c']) desk.happen(text)
  const page = async (query: string) => (await desk.routes().request(`/v1/events${query}`, {}, LOCAL)).json()
  expect(await page('?after=1&limit=1')).toMatchObject({ events: [{ id: 2 }], next: 2 })
  expect(await page('?limit=2')).toMatchObject({ events: [{ id: 2 }, { id: 3 }] })
})

test('the book numbers what happens, forgets the oldest, and says when it did', async () => {
  let wall = 1000
  const clock = { now: () => wall, wall: () => wall }
  const book = new EventBook(clock)
  book.add('first')
  const [first] = book.since(0).events
  expect(first!.id).toBe(1001)
  expect(book.since(0).isWhole).toBe(false)
  expect(book.since(1000).isWhole).toBe(true)
  for (let i = 0; i < 2500; i++) book.add(String(i))
  expect(book.since(first!.id).isWhole).toBe(false)
  expect(book.latest).toHaveLength(100)
  wall += 5000
  expect(new EventBook(clock).since(0)).toEqual({ events: [], isWhole: true })
  const waiting = book.next(new AbortController().signal)
  book.add('awaited')
  await waiting
})
